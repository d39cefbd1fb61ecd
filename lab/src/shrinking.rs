//! Shrinking: a smaller fault plan for each cause of failures.

use crate::error::CommandError;
use crate::report::failure::Failure;
use crate::report::summary::Summary;
use crate::report::terminal::CAUSES_SHOWN;
use crate::run::{Analyse, Observer, Plan, Record, Run, Settings, pool};

/// Repeats the first failure of each cause that is shown with smaller fault plans. The failure of the
/// smallest plan that fails for the same cause takes its place.
///
/// A failure stays as it is if no smaller plan fails so, or if a process dies or hangs meanwhile.
pub(crate) fn shrink_causes(summary: &mut Summary, settings: &Settings) -> Result<(), CommandError> {
    let shown = summary.causes.iter().take(CAUSES_SHOWN).map(|cause| &cause.first);
    let shrinkable = shown.filter(|failure| {
        // A process that died has no origin, and a run that the machine ended has no fingerprint.
        failure.case.family.is_some() && failure.origin.is_some() && failure.fingerprint != 0
    });
    let plan = Plan::one_each(shrinkable.map(|failure| (failure.case, failure.seed)).collect());
    let analyse = if settings.analyse == Analyse::Strict { Analyse::Strict } else { Analyse::Nothing };
    let settings = Settings {
        shrink: true,
        record: Record::Nothing,
        analyse,
        deadline: None,
        fail_fast: false,
        ..settings.clone()
    };
    pool::carry_out(plan, &settings, &mut Collector { summary })
}

struct Collector<'a> {
    summary: &'a mut Summary,
}

impl Observer for Collector<'_> {
    fn next(&mut self, run: Run) {
        if run.plan.is_none() {
            return;
        }
        if let Some((failure, evidence)) = Failure::of(&run) {
            self.summary.replace(&failure, evidence);
        }
    }
}

//! Findings: rules that are broken in runs that pass. They change no verdict.

use tester::BrokenRule;

use crate::error::CommandError;
use crate::report::summary::{Finding, Summary};
use crate::run::{Analyse, Observer, Outcome, Plan, Record, Run, Settings, pool};

/// Findings that are kept of a test.
const MAX_FINDINGS: usize = 10;

/// Repeats one run of each test, watched: the one with the first seed that passed. Adds the rules that it
/// broke to the summary.
pub(crate) fn look(summary: &mut Summary, settings: &Settings) -> Result<(), CommandError> {
    let passed = summary.tests.iter().filter_map(|test| Some((test.case, test.first_passed?)));
    let plan = Plan::one_each(passed.collect());
    let settings = Settings {
        record: Record::Nothing,
        analyse: Analyse::All,
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
        let Outcome::Reported(report) = run.outcome else { return };
        let test = self.summary.tests.iter_mut().find(|test| test.case.name == run.job.case.name);
        let Some(test) = test.filter(|_| report.passed()) else { return };
        let found = in_passed(&report.broken);
        test.findings = found.map(|rule| Finding { rule: rule.clone(), seed: run.job.seed }).collect();
        test.unseen = report.unseen;
    }
}

/// The rules that are findings, of those that a run broke that passed: each once, and none of progress, since
/// a run may end at any time.
pub(crate) fn in_passed(broken: &[BrokenRule]) -> impl Iterator<Item = &BrokenRule> {
    let is_first = |&(number, rule): &(usize, &BrokenRule)| {
        !rule.progress && broken[..number].iter().all(|earlier| earlier.id != rule.id)
    };
    broken.iter().enumerate().filter(is_first).map(|(_, rule)| rule).take(MAX_FINDINGS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_rule_is_found_once_and_rules_of_progress_are_no_findings() {
        let stuck = BrokenRule { progress: true, ..sample::broken("STUCK") };
        let broken = [sample::broken("AE1"), stuck, sample::broken("RV1"), sample::broken("AE1")];
        let found: Vec<&str> = in_passed(&broken).map(|rule| &*rule.id).collect();
        assert_eq!(found, ["AE1", "RV1"]);
    }
}

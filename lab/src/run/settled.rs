//! [`Settled`]: failures that need no further explanation, since many before them had the same one.

use std::collections::HashMap;

use labreport::likeness;
use tester::{Explanation, Report};

use super::{Outcome, Run};

/// Failures of a test with equal messages and the same explanation in a row, after which later ones are not
/// explained.
pub(super) const ENOUGH: u32 = 20;

/// The same for untrusted code: grading may have a limit of time, which explanations must not use up.
pub(super) const ENOUGH_UNTRUSTED: u32 = 3;

/// The explanations of the failures so far. Runs are counted in the order of the plan, so the number of jobs
/// plays no role.
#[derive(Debug)]
pub(super) struct Settled {
    counts: HashMap<Key, Count>,
    /// Failures in a row that are enough.
    enough: u32,
}

/// What equal failures have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    test: String,
    kind: String,
    location: Option<String>,
    message: String,
}

#[derive(Debug, Default)]
struct Count {
    /// The last explanation, as others refer to it.
    explanation: Explanation,
    /// The failures in a row that had it.
    times: u32,
}

impl Settled {
    /// Nothing is settled before this many failures in a row.
    pub(super) fn after(enough: u32) -> Self {
        Self { counts: HashMap::new(), enough }
    }

    /// Whether a failed run needs no explanation.
    pub(super) fn covers(&self, report: &Report) -> bool {
        key(report).and_then(|key| self.counts.get(&key)).is_some_and(|count| count.times >= self.enough)
    }

    /// Counts the next run in the order of the plan. If its failure is settled, its explanation becomes that
    /// of the failures before it, also if it was explained itself.
    pub(super) fn settle(&mut self, run: &mut Run) {
        let Outcome::Reported(report) = &run.outcome else { return };
        let Some(key) = key(report) else { return };
        let count = self.counts.entry(key).or_default();
        if count.times >= self.enough {
            run.explanation = count.explanation.clone();
            return;
        }
        let explanation = reference(&run.explanation);
        if explanation == count.explanation {
            count.times += 1;
        } else {
            *count = Count { explanation, times: 1 };
        }
    }
}

/// What a failure with this explanation and a later failure have in common.
fn reference(explanation: &Explanation) -> Explanation {
    match explanation {
        Explanation::Cause(rule) => Explanation::Alike { id: rule.id.clone(), text: rule.text.clone() },
        // The failure is exact. What came before it differs from run to run.
        Explanation::Before(_) => Explanation::Missing,
        other => other.clone(),
    }
}

fn key(report: &Report) -> Option<Key> {
    let failure = report.failure.as_ref()?;
    Some(Key {
        test: report.test.clone(),
        kind: failure.kind.clone(),
        location: failure.location.clone(),
        message: likeness(&failure.kind, &failure.message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// Settles runs with these messages and the rules that they broke, and returns the causes.
    fn causes(runs: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<Option<String>> {
        let mut settled = Settled::after(ENOUGH);
        let settle = |(message, rule): (&str, &str)| {
            let mut run = sample::run(1, Some(message), (!rule.is_empty()).then_some(rule));
            settled.settle(&mut run);
            run.explanation.cause().map(str::to_owned)
        };
        runs.into_iter().map(settle).collect()
    }

    #[test]
    fn equal_failures_with_one_explanation_settle_it() {
        let same = vec![("lost 1", "AE1"); ENOUGH as usize];
        let later = [("lost 2", "RV1"), ("lost 3", ""), ("found 3", "RV1"), ("found 3", "")];
        let causes = causes(same.into_iter().chain(later));
        let later: Vec<_> = causes[ENOUGH as usize..].iter().map(Option::as_deref).collect();
        assert_eq!(later, [Some("AE1"), Some("AE1"), Some("RV1"), None]);
    }

    #[test]
    fn different_explanations_settle_nothing() {
        let mixed = (0..4 * ENOUGH).map(|number| ("lost 1", if number % 3 == 0 { "RV1" } else { "AE1" }));
        let causes = causes(mixed.chain([("lost 1", "")]));
        assert_eq!(causes.last(), Some(&None));
    }

    #[test]
    fn what_is_settled_needs_no_explanation() {
        let mut settled = Settled::after(ENOUGH);
        for number in 1..=ENOUGH {
            let mut run = sample::run(1, Some("lost 1"), Some("AE1"));
            let Outcome::Reported(report) = &run.outcome else { panic!("a report") };
            assert!(!settled.covers(report), "after {number}");
            settled.settle(&mut run);
        }
        let run = sample::run(2, Some("lost 2"), None);
        let Outcome::Reported(report) = &run.outcome else { panic!("a report") };
        assert!(settled.covers(report));
        let passed = sample::run(2, None, None);
        let Outcome::Reported(report) = &passed.outcome else { panic!("a report") };
        assert!(!settled.covers(report));
    }
}

//! [`Causes`]: failures grouped by their cause.
//!
//! [`FailureCause`] says which failures have the same one.

use std::collections::HashMap;
use std::path::PathBuf;

use tester::{FailureCause, LogExcerpt, log_excerpt};

use super::failure::{Evidence, Failure};

/// All causes, in the order of their first failures.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    causes: Vec<Cause>,
    /// Failures of causes beyond the limit, which are not kept.
    of_others: u64,
    positions: HashMap<FailureCause, usize>,
}

/// Causes that are kept. Each may have a long message.
const MAX_CAUSES: usize = 1_000;

/// Causes whose evidence is kept: at least as many as are shown with it.
const MAX_WITH_EVIDENCE: usize = 20;

/// One cause of failures.
#[derive(Debug)]
pub(crate) struct Cause {
    /// The first of its failures: that of the smallest seed, in the first test that failed.
    pub(crate) first: Failure,
    pub(crate) evidence: Evidence,
    /// The names of the tests that failed, and the numbers of failed runs.
    pub(crate) tests: Vec<(&'static str, u64)>,
    /// The first failure, repeated for its log.
    pub(crate) recording: Option<Recording>,
    /// The page of the first failure's run, if one was written.
    pub(crate) page: Option<PathBuf>,
}

/// The first failure's run, repeated with its log recorded.
#[derive(Debug)]
pub(crate) struct Recording {
    /// What the lines of the log are, such as `the end of its log`.
    pub(crate) title: &'static str,
    /// Lines of the log, as [`tester::log_excerpt()`] gives them.
    pub(crate) log: Vec<String>,
    pub(crate) fingerprint: u64,
}

impl Recording {
    /// The recording of a run, of whose log the lines are kept that count for the failure.
    pub(crate) fn of(failure: &Failure, log: &[String], fingerprint: u64) -> Self {
        let node = failure.origin.as_ref().map_or("", |origin| &origin.node);
        let LogExcerpt { title, lines } = log_excerpt(log, node, &failure.message, &failure.explanation);
        Self { title, log: lines.into_iter().map(str::to_owned).collect(), fingerprint }
    }
}

impl Cause {
    /// The number of runs that failed.
    pub(crate) fn runs(&self) -> u64 {
        self.tests.iter().map(|(_, runs)| runs).sum()
    }
}

impl Causes {
    /// Adds a failure. Failures come in the order of the plan, so the first of a cause has the smallest seed.
    pub(crate) fn add(&mut self, failure: &Failure, evidence: Evidence) {
        let key = failure.cause();
        if self.causes.len() == MAX_CAUSES && !self.positions.contains_key(&key) {
            self.of_others += 1;
            return;
        }
        let position = *self.positions.entry(key).or_insert_with(|| {
            let first = failure.clone();
            let evidence = if self.causes.len() < MAX_WITH_EVIDENCE { evidence } else { Evidence::default() };
            self.causes.push(Cause { first, evidence, tests: Vec::new(), recording: None, page: None });
            self.causes.len() - 1
        });
        let tests = &mut self.causes[position].tests;
        match tests.iter_mut().find(|(name, _)| *name == failure.case.name) {
            Some((_, runs)) => *runs += 1,
            None => tests.push((failure.case.name, 1)),
        }
    }

    /// The number of failures, of all causes.
    pub(crate) fn failures(&self) -> u64 {
        self.causes.iter().map(Cause::runs).sum::<u64>() + self.of_others
    }

    pub(crate) fn len(&self) -> usize {
        self.causes.len()
    }

    /// The number of failures of causes beyond the limit.
    pub(crate) fn failures_of_others(&self) -> u64 {
        self.of_others
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cause> {
        self.causes.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Cause> {
        self.causes.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use tester::Explanation;

    use super::*;
    use crate::report::sample;

    fn failure(test: usize, seed: u64, message: &str) -> Failure {
        Failure {
            case: &tester::cases()[test],
            seed,
            kind: "assertion".to_owned(),
            message: message.to_owned(),
            fingerprint: seed,
            origin: None,
            location: Some("raft/src/lib.rs:7:5".to_owned()),
            explanation: Explanation::Missing,
            plan: None,
        }
    }

    fn grouped(failures: &[Failure]) -> Vec<(u64, Vec<u64>)> {
        let mut causes = Causes::default();
        for failure in failures {
            causes.add(failure, Evidence::default());
        }
        let counts = |cause: &Cause| cause.tests.iter().map(|(_, runs)| *runs).collect();
        causes.iter().map(|cause| (cause.first.seed, counts(cause))).collect()
    }

    #[test]
    fn the_same_failure_is_counted_and_its_smallest_seed_kept() {
        let failures = [
            failure(0, 3, "saw {0, 2} in term 4"),
            failure(0, 9, "saw {1} in term 5"),
            failure(1, 1, "saw {1} in term 5"),
        ];
        assert_eq!(grouped(&failures), [(3, vec![2, 1])]);
    }

    #[test]
    fn failures_that_a_rule_explains_have_one_cause() {
        let like_those = Explanation::Alike { id: "AE1".to_owned(), text: String::new() };
        let failures = [
            sample::failure(1, "lost 3", Some("AE1")),
            sample::failure(2, "two leaders", Some("AE1")),
            sample::failure(3, "lost 3", Some("RV1")),
            sample::failure(4, "lost 3", None),
            Failure { explanation: like_those, ..sample::failure(5, "no leader", None) },
        ];
        assert_eq!(grouped(&failures), [(1, vec![3]), (3, vec![1]), (4, vec![1])]);
    }

    #[test]
    fn a_rule_before_an_exact_failure_is_no_cause() {
        let panic = |seed, message: &str, rule| Failure {
            kind: "panic".to_owned(),
            explanation: Explanation::Before(sample::broken(rule)),
            ..failure(0, seed, message)
        };
        let failures = [panic(1, "index 7", "AE1"), panic(2, "index 8", "RV1"), panic(3, "overflow", "AE1")];
        assert_eq!(grouped(&failures), [(1, vec![2]), (3, vec![1])]);
    }

    #[test]
    fn the_memory_of_causes_is_bounded() {
        let mut causes = Causes::default();
        // Messages of letters, since numbers do not distinguish them.
        let word = |number: usize| {
            number.to_string().bytes().map(|digit| char::from(digit + 49)).collect::<String>()
        };
        for number in 0..MAX_CAUSES + 7 {
            let evidence = Evidence { printed: "much".to_owned(), ..Evidence::default() };
            causes.add(&failure(0, 1, &word(number)), evidence);
        }
        causes.add(&failure(0, 2, &word(3)), Evidence::default());
        assert_eq!((causes.len(), causes.failures_of_others()), (MAX_CAUSES, 7));
        assert_eq!(causes.iter().nth(3).map(Cause::runs), Some(2));
        assert_eq!(
            causes.iter().filter(|cause| !cause.evidence.printed.is_empty()).count(),
            MAX_WITH_EVIDENCE
        );
    }

    #[test]
    fn the_first_line_distinguishes_time_outs() {
        let late = |seed, message| Failure { kind: "timeout".to_owned(), ..failure(0, seed, message) };
        let failures = [late(1, "not ended\nbusiest: a\nbusiest: b"), late(2, "not ended\nbusiest: c")];
        assert_eq!(grouped(&failures), [(1, vec![2])]);
        assert_eq!(grouped(&[failure(0, 1, "one\ntwo"), failure(0, 2, "one\nthree")]).len(), 2);
    }

    #[test]
    fn kinds_locations_and_words_distinguish_causes() {
        let base = failure(0, 1, "saw 1");
        for other in [
            failure(0, 1, "heard 1"),
            Failure { kind: "panic".to_owned(), ..base.clone() },
            Failure { location: Some("raft/src/lib.rs:8:5".to_owned()), ..base.clone() },
            Failure { location: None, ..base.clone() },
        ] {
            assert_eq!(grouped(&[base.clone(), other.clone()]).len(), 2, "{other:?}");
        }
    }
}

//! [`causes`]: failures grouped by cause.

use serde::{Deserialize, Serialize};

use super::NOT_RUN;
use labreport::likeness;
use labreport::results::{FailedRun, Rule};

/// A cause of failures of one test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The kind of failure, such as `assertion`.
    pub kind: String,
    /// The violated expectation in the run with the smallest seed.
    pub message: String,
    /// The number of runs that failed for this cause.
    pub count: u64,
    /// The smallest seed of these runs.
    pub seed: String,
    /// The fingerprint of the run with that seed.
    pub fingerprint: String,
    /// The command that replays that run.
    pub replay: String,
    /// The rule that explains the failures, as that run broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The first rule that that run broke before its failure, which is exact by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Rule>,
}

impl Cause {
    /// The lines of the rule that explains the failures, or else of the one that was broken before. None if
    /// there is no such rule.
    #[must_use]
    pub fn rule_lines(&self) -> Vec<String> {
        self.rule.as_ref().or(self.before.as_ref()).map(Rule::lines).unwrap_or_default()
    }
}

/// The properties that failures with one cause share.
#[derive(PartialEq)]
enum Key {
    /// The rule of this id explains them.
    Rule(String),
    /// They look alike.
    Likeness { kind: String, message: String },
}

impl Key {
    fn of(failure: &FailedRun) -> Self {
        match &failure.rule {
            Some(rule) => Self::Rule(rule.id.clone()),
            None => Self::Likeness {
                kind: failure.kind.clone(),
                message: likeness(&failure.kind, &failure.message),
            },
        }
    }
}

/// The causes of a test's failures, which must be in the order of seeds: the most frequent first, then by
/// seed. Runs that were not made ([`NOT_RUN`]) come last, regardless of their number, because they say
/// nothing about the solution.
///
/// Two failures have the same cause if the same rule explains them. Failures without such a rule have the
/// same cause if their kinds and their [`likeness`] are equal. `replay` gives the command that replays a
/// failed run.
#[must_use]
pub fn causes(failures: &[FailedRun], replay: &dyn Fn(&FailedRun) -> String) -> Vec<Cause> {
    let mut causes: Vec<(Key, Cause)> = Vec::new();
    for failure in failures {
        let key = Key::of(failure);
        if let Some((_, cause)) = causes.iter_mut().find(|(other, _)| *other == key) {
            cause.count += 1;
            continue;
        }
        let cause = Cause {
            kind: failure.kind.clone(),
            message: failure.message.clone(),
            count: 1,
            seed: failure.seed.clone(),
            fingerprint: failure.fingerprint.clone(),
            replay: replay(failure),
            rule: failure.rule.clone(),
            before: failure.before.clone(),
        };
        causes.push((key, cause));
    }
    let mut causes: Vec<_> = causes.into_iter().map(|(_, cause)| cause).collect();
    // Stable, so those of equal count stay in the order of seeds.
    causes.sort_by_key(|cause| (cause.kind == NOT_RUN, std::cmp::Reverse(cause.count)));
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(seed: u64, kind: &str, message: &str) -> FailedRun {
        FailedRun {
            seed: format!("{seed:#x}"),
            kind: kind.to_owned(),
            message: message.to_owned(),
            fingerprint: "0x0".to_owned(),
            ..FailedRun::default()
        }
    }

    #[test]
    fn failures_that_a_rule_explains_have_one_cause() {
        let rule = |id: &str| Some(Rule { id: id.to_owned(), ..Rule::default() });
        let explained =
            |seed, message, id| FailedRun { rule: rule(id), ..failure(seed, "assertion", message) };
        let failures = [
            failure(1, "assertion", "lost 3"),
            explained(2, "lost 3", "AE1"),
            explained(3, "two leaders", "AE1"),
            explained(4, "lost 3", "RV1"),
            // The rule before an exact failure explains nothing.
            FailedRun { before: rule("AE1"), ..failure(5, "panic", "index 3") },
            FailedRun { before: rule("RV1"), ..failure(6, "panic", "index 4") },
        ];
        let causes = causes(&failures, &|failure| failure.seed.clone());
        let summary: Vec<_> = causes.iter().map(|it| (&*it.seed, it.count)).collect();
        assert_eq!(summary, [("0x2", 2), ("0x5", 2), ("0x1", 1), ("0x4", 1)]);
        assert_eq!(causes[0].rule, rule("AE1"));
        assert_eq!(causes[1].rule_lines(), ["broken rule [AE1]: "]);
    }

    #[test]
    fn messages_that_differ_in_numbers_only_have_the_same_cause() {
        let failures = [
            failure(1, "assertion", "lost 3"),
            failure(2, "assertion", "saw {1, 2} at 0.5 s"),
            failure(3, "panic", "saw {1} at 12 s"),
            failure(4, "assertion", "saw {0} at 12 s"),
        ];
        let causes = causes(&failures, &|failure| format!("replay {}", failure.seed));
        let summary: Vec<_> =
            causes.iter().map(|it| (&*it.kind, it.count, &*it.replay, &*it.message)).collect();
        assert_eq!(
            summary,
            [
                ("assertion", 2, "replay 0x2", "saw {1, 2} at 0.5 s"),
                ("assertion", 1, "replay 0x1", "lost 3"),
                ("panic", 1, "replay 0x3", "saw {1} at 12 s"),
            ]
        );
        let not_run = |seed| failure(seed, NOT_RUN, "3 runs before it had hung");
        let failures = [failure(1, "timeout", "hung"), not_run(2), not_run(3)];
        let causes = super::causes(&failures, &|_| String::new());
        let kinds: Vec<&str> = causes.iter().map(|cause| &*cause.kind).collect();
        assert_eq!(kinds, ["timeout", NOT_RUN], "the first is what a reader looks into");
    }
}

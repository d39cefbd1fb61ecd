//! [`Explanation`]: what the rules that a run broke say about its failure.

mod lines;

use serde::{Deserialize, Serialize};

use crate::{BrokenRule, Report, ReportedFailure};

/// What the rules that a run broke say about its failure.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub enum Explanation {
    /// The run was not analysed: it passed, or could not be repeated, or its lab has no rules.
    #[default]
    Missing,
    /// No rule was broken, of those that can be seen. `unseen` is what the analyses did not recognise.
    NoRule {
        /// See [`Report::unseen`].
        unseen: Vec<String>,
    },
    /// The rule explains the failure. It is named before the failure's own message.
    Cause(BrokenRule),
    /// The rule was broken before the failure, which is exact by itself and named first.
    Before(BrokenRule),
    /// The run was not analysed, since many runs before it failed in the same way. All of them broke this
    /// rule first.
    Alike {
        /// The rule's [id](crate::Rule::id).
        id: String,
        /// Place and sentence, as [`BrokenRule::text`].
        text: String,
    },
}

impl Explanation {
    /// The explanation of a failed run; `Missing` if the run passed.
    ///
    /// The first rule that was broken explains a failure. There are two exceptions. A rule of
    /// [progress](BrokenRule::progress) explains only a failure for want of progress. A failure that is
    /// exact, such as a deadlock or a panic, explains itself.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let Some(failure) = report.failure.as_ref().filter(|_| report.analysed) else { return Self::Missing };
        match (first(failure, &report.broken), Class::of(failure)) {
            (None, _) => Self::NoRule { unseen: report.unseen.clone() },
            (Some(rule), Class::Exact) => Self::Before(rule.clone()),
            (Some(rule), Class::Check | Class::NoProgress) => Self::Cause(rule.clone()),
        }
    }

    /// The rule that explains the failure, or was broken before it.
    #[must_use]
    pub fn rule(&self) -> Option<&BrokenRule> {
        match self {
            Self::Cause(rule) | Self::Before(rule) => Some(rule),
            Self::Missing | Self::NoRule { .. } | Self::Alike { .. } => None,
        }
    }

    /// The id of the rule that is the cause of the failure. Failures of one cause have the same.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Cause(rule) => Some(&rule.id),
            Self::Alike { id, .. } => Some(id),
            Self::Missing | Self::NoRule { .. } | Self::Before(_) => None,
        }
    }
}

/// The rule that explains a failure, or was broken before it: the first that may.
pub(crate) fn first<'a>(failure: &ReportedFailure, broken: &'a [BrokenRule]) -> Option<&'a BrokenRule> {
    let class = Class::of(failure);
    broken.iter().find(|rule| class == Class::NoProgress || !rule.progress)
}

/// Whether the failure is exact, so that it comes before the rules that were broken.
pub(crate) fn is_exact(failure: &ReportedFailure) -> bool {
    Class::of(failure) == Class::Exact
}

/// The sorts of failures, by what a broken rule adds to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// The failure names its cause.
    Exact,
    /// Something should have happened and did not.
    NoProgress,
    /// A check of the test saw what a correct solution does not do.
    Check,
}

/// The kinds of failures that name their cause.
const EXACT: [&str; 9] =
    ["panic", "deadlock", "abort", "blocked", "foreign", "overflow", "memory", "threads", "not_implemented"];

/// The kinds of failures for want of progress. Assertions for want of progress are known by their messages.
const NO_PROGRESS: [&str; 2] = ["timeout", "livelock"];

impl Class {
    fn of(failure: &ReportedFailure) -> Self {
        let ReportedFailure { kind, message, .. } = failure;
        let is_exact = EXACT.contains(&kind.as_str())
            || is_of_history(message)
            || names_a_loop(message)
            || names_a_call(message);
        if is_exact {
            Self::Exact
        } else if NO_PROGRESS.contains(&kind.as_str()) || expects_progress(message) {
            Self::NoProgress
        } else {
            Self::Check
        }
    }
}

/// Whether a message of the tests says that something did not happen in time.
fn expects_progress(message: &str) -> bool {
    let expectation = message.split([';', '\n']).next().unwrap_or_default();
    expectation.starts_with("expected ") && expectation.contains(" within ")
        || message.starts_with("expected one leader among ") && message.contains("; saw none in ")
        || message.starts_with("expected a term to last for as long as it takes to agree ")
}

/// Whether a time-out or a livelock says which loop it is that never ends.
fn names_a_loop(message: &str) -> bool {
    ["it calls without end and without delay", "without waiting once: it spins"]
        .iter()
        .any(|words| message.contains(words))
}

/// Whether a time-out says which call into a server has not returned: it waits for a lock that is never free,
/// and all else follows from that.
fn names_a_call(message: &str) -> bool {
    let calls =
        message.split_once("; not returned: ").map(|(_, calls)| calls.lines().next().unwrap_or_default());
    calls.is_some_and(|calls| calls.contains(" of server "))
}

/// Whether a message says that a history is not linearizable: its second line is the operation that has no
/// place.
pub(crate) fn is_of_history(message: &str) -> bool {
    message.starts_with("expected the operations on key ") && message.contains(" to be linearizable: ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::tests::{broken, report};

    fn explained(kind: &str, message: &str, broken: Vec<BrokenRule>) -> Explanation {
        Explanation::of(&report(Some((kind, message)), broken))
    }

    fn stuck() -> BrokenRule {
        BrokenRule { progress: true, ..broken("STUCK", 0.5) }
    }

    #[test]
    fn the_first_broken_rule_explains_a_failed_check() {
        let rules = vec![broken("AE1", 2.0), broken("RV1", 3.0)];
        let explanation =
            explained("assertion", "expected at most one leader in a term; saw 2", rules.clone());
        assert_eq!(explanation, Explanation::Cause(rules[0].clone()));
        assert_eq!(explanation.cause(), Some("AE1"));
    }

    #[test]
    fn rules_of_progress_explain_want_of_progress_only() {
        for (kind, message, explains) in [
            ("timeout", "the run had not ended", true),
            ("livelock", "threads keep waking each other", true),
            ("assertion", "expected 2 servers to apply command 104 within 10 s; saw none", true),
            ("assertion", "expected an Inc to be done by the leader among {0} within 5 s; saw none", true),
            ("assertion", "expected one leader among servers 0, 1, 2; saw none in 10 rounds (5 s): x", true),
            ("assertion", "expected a term to last for as long as it takes to agree on a few commands", true),
            ("assertion", "expected the test to end within 120 s; it goes on", true),
            ("timeout", "expected the test to end; not returned: put of client 0 (called at 4.3 s)", true),
            ("assertion", "expected at most one leader in a term; saw servers lead within a term", false),
            ("assertion", "expected agreement at index 7; saw it at index 8", false),
            ("unknown", "the process of the run sent a malformed report", false),
            ("panic", "index out of bounds", false),
            ("deadlock", "2 threads wait for each other", false),
        ] {
            let explanation = explained(kind, message, vec![stuck()]);
            let expected = match explains {
                true => Explanation::Cause(stuck()),
                false => Explanation::NoRule { unseen: vec!["votes".to_owned()] },
            };
            assert_eq!(explanation, expected, "{kind}: {message}");
            // A rule of safety comes first.
            let both = explained(kind, message, vec![broken("AE1", 2.0), stuck()]);
            assert_eq!(both.rule().map(|rule| &*rule.id), Some("AE1"), "{kind}: {message}");
        }
    }

    #[test]
    fn an_exact_failure_stands_and_the_rule_comes_after_it() {
        let storm = "server 0 made 70495 remote calls: it calls without end and without delay. Look";
        let spin = "the thread passed 1000000 scheduling points without waiting once: it spins. Wait";
        let history =
            "expected the operations on key x to be linearizable: each takes effect at one moment\n";
        for (kind, message) in EXACT.map(|kind| (kind, "x")).into_iter().chain([
            ("assertion", history),
            ("timeout", storm),
            ("livelock", spin),
            ("timeout", "expected the test to end; not returned: get_state of server 5 (called at 4.3 s)"),
        ]) {
            let stuck = explained(kind, message, vec![stuck()]);
            assert!(matches!(stuck, Explanation::NoRule { .. }), "{kind}: {message}");
            let explanation = explained(kind, message, vec![broken("AE1", 2.0)]);
            assert_eq!(explanation, Explanation::Before(broken("AE1", 2.0)), "{kind}: {message}");
            assert_eq!(explanation.cause(), None, "{kind}: {message}");
        }
    }

    #[test]
    fn the_headline_of_a_report_is_the_rule_that_explains_it() {
        let id = |kind, message, rules| {
            report(Some((kind, message)), rules).headline().map(|rule| rule.id.clone())
        };
        assert_eq!(id("assertion", "lost 3", vec![stuck(), broken("AE1", 2.0)]).as_deref(), Some("AE1"));
        assert_eq!(id("timeout", "late", vec![stuck()]).as_deref(), Some("STUCK"));
        assert_eq!(id("assertion", "lost 3", vec![stuck()]), None);
        assert_eq!(id("panic", "index 3", vec![broken("AE1", 2.0)]), None);
    }

    #[test]
    fn runs_that_passed_or_were_not_analysed_have_no_explanation() {
        assert_eq!(Explanation::of(&report(None, vec![broken("AE1", 2.0)])), Explanation::Missing);
        let report = Report { analysed: false, ..report(Some(("panic", "x")), Vec::new()) };
        assert_eq!(Explanation::of(&report), Explanation::Missing);
    }

    /// The tests' messages are known by their beginnings: they must not change without this module.
    #[test]
    fn messages_are_those_of_the_tests() {
        let sources = [
            include_str!("raft/agreement.rs"),
            include_str!("raft/checkers.rs"),
            include_str!("raft/part_3b.rs"),
            include_str!("kvraft/rsm/submits.rs"),
            include_str!("testbed.rs"),
        ]
        .concat();
        for message in [
            "expected {} to apply command {command} within {}; ",
            "expected {} to apply index {index} within {}; ",
            "expected one leader among {}; saw none in {ROUNDS} rounds",
            "expected a term to last for as long as it takes to agree on a few commands",
            "expected an Inc to be done by the leader among {} within {}; ",
            "expected {servers} servers to count to {expected} within {}; ",
            "expected the test to end within {limit} s",
        ] {
            assert!(sources.contains(message), "{message}");
            assert!(expects_progress(message), "{message}");
        }
    }

    #[test]
    fn the_message_of_a_history_is_recognised() {
        use std::time::Duration;

        use crate::linearizability::{
            Budget, History, Register, RegisterInput, RegisterOutput, Verdict, check,
        };

        let (name, at) = (|| "x".into(), Duration::from_millis);
        let mut history = History::new();
        history.call(1, at(5), RegisterInput::Read { name: name() }).expect("a call");
        history.ret(1, at(6), RegisterOutput::Value("never written".into())).expect("its return");
        let Verdict::Violation(evidence) = check(&Register, &history, Budget::default()) else {
            panic!("nobody wrote that");
        };
        assert!(is_of_history(&evidence.to_string()), "{evidence}");
    }
}

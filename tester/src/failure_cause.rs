//! [`FailureCause`]: what failures with one cause have in common.

use labreport::likeness;

use crate::{Explanation, Report};

/// What failures with one cause have in common.
///
/// Two failures have the same cause if the same rule explains them. Failures without such a rule have the
/// same cause if their kinds and their locations in the source are equal, and their messages are equal except
/// for numbers: "saw {0, 2} in term 4" equals "saw {1} in term 17".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FailureCause {
    /// The rule of this [id](crate::Rule::id) explains them.
    Rule(String),
    /// They look alike.
    Likeness {
        /// The kind's name, such as `assertion`.
        kind: String,
        /// The location in the source, as `file:line:column`.
        location: Option<String>,
        /// The [likeness](labreport::likeness()) of the message.
        message: String,
    },
}

impl FailureCause {
    /// The cause of a failure that has this explanation, kind, location and message.
    #[must_use]
    pub fn new(explanation: &Explanation, kind: &str, location: Option<&str>, message: &str) -> Self {
        match explanation.cause() {
            Some(id) => Self::Rule(id.to_owned()),
            None => Self::Likeness {
                kind: kind.to_owned(),
                location: location.map(str::to_owned),
                message: likeness(kind, message),
            },
        }
    }

    /// The cause of a run's failure; `None` if the run passed.
    #[must_use]
    pub fn of(report: &Report) -> Option<Self> {
        let failure = report.failure.as_ref()?;
        let explanation = Explanation::of(report);
        Some(Self::new(&explanation, &failure.kind, failure.location.as_deref(), &failure.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::tests::{broken, report};

    #[test]
    fn a_rule_that_explains_failures_is_their_cause() {
        let of =
            |kind, message, rule| FailureCause::of(&report(Some((kind, message)), vec![broken(rule, 2.0)]));
        assert_eq!(of("assertion", "lost 3", "AE1"), of("timeout", "late", "AE1"));
        assert_ne!(of("assertion", "lost 3", "AE1"), of("assertion", "lost 3", "RV1"));
        // A panic names its cause, and the rule that was broken before plays no role.
        assert_eq!(of("panic", "index 3", "AE1"), of("panic", "index 4", "RV1"));
        assert_ne!(of("panic", "index 3", "AE1"), of("panic", "overflow", "AE1"));
    }

    #[test]
    fn failures_without_a_rule_are_alike_except_for_numbers() {
        let of = |kind, message| FailureCause::of(&report(Some((kind, message)), Vec::new()));
        assert_eq!(of("assertion", "saw {0, 2} in term 4"), of("assertion", "saw {1} in term 17"));
        assert_ne!(of("assertion", "saw 1"), of("assertion", "heard 1"));
        assert_ne!(of("assertion", "saw 1"), of("timeout", "saw 1"));
        assert_eq!(FailureCause::of(&report(None, Vec::new())), None);
        let base = report(Some(("assertion", "saw 1")), Vec::new());
        let mut elsewhere = base.clone();
        elsewhere.failure.as_mut().expect("it failed").location = Some("raft/src/lib.rs:8:5".to_owned());
        assert_ne!(FailureCause::of(&base), FailureCause::of(&elsewhere));
    }
}

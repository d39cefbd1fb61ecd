//! [`Reveal`]: how much of an explanation reports show to students.

use labreport::results::{FailedRun, Rule};
use serde::{Deserialize, Serialize};

/// How much reports show of what explains a failure. The message of the test is always shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reveal {
    /// The message of the test, and nothing of the broken rule. Causes are not grouped by rules.
    Message,
    /// The broken rule: its name, and its sentence in the paper.
    Rule,
    /// The broken rule, what the server did, the line of the solution, and the events that show it.
    #[default]
    Events,
}

impl Reveal {
    /// The failures as reports may show them.
    #[must_use]
    pub fn of(self, failures: &[FailedRun]) -> Vec<FailedRun> {
        let shown = |failure: &FailedRun| FailedRun {
            rule: failure.rule.as_ref().and_then(|rule| self.rule(rule)),
            before: failure.before.as_ref().and_then(|rule| self.rule(rule)),
            ..failure.clone()
        };
        failures.iter().map(shown).collect()
    }

    fn rule(self, rule: &Rule) -> Option<Rule> {
        match self {
            Self::Message => None,
            Self::Rule => Some(Rule { id: rule.id.clone(), text: rule.text.clone(), ..Rule::default() }),
            Self::Events => Some(rule.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use labreport::results::RuleEvent;

    use super::*;

    #[test]
    fn reports_have_what_may_be_revealed() {
        let rule = Rule {
            id: "AE1".to_owned(),
            text: "reply false".to_owned(),
            headline: "server 2 accepted it".to_owned(),
            server: "server 2".to_owned(),
            at_seconds: 2.0,
            location: Some("raft/src/lib.rs:7".to_owned()),
            events: vec![RuleEvent { time: 2.0, what: "answers".to_owned(), ..RuleEvent::default() }],
        };
        let explained = FailedRun { message: "lost 3".to_owned(), rule: Some(rule), ..FailedRun::default() };
        let before = FailedRun { rule: None, before: explained.rule.clone(), ..explained.clone() };
        let lines = |reveal: Reveal, failure: &FailedRun| {
            let shown = reveal.of(std::slice::from_ref(failure));
            assert_eq!(shown[0].message, "lost 3");
            shown[0].first_broken().map(Rule::lines).unwrap_or_default().join("|")
        };
        for failure in [explained, before] {
            assert_eq!(lines(Reveal::Message, &failure), "");
            assert_eq!(lines(Reveal::Rule, &failure), "broken rule [AE1]: reply false");
            let all = lines(Reveal::Events, &failure);
            assert!(all.contains("raft/src/lib.rs:7") && all.contains("answers"), "{all}");
        }
    }
}

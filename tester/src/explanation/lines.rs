//! The lines of an [`Explanation`], before and after the failure's own message.

use labreport::results::Rule;
use labreport::text::one_line;

use super::Explanation;

/// Characters that are shown of a failure's message in the line below a rule's events.
const MESSAGE: usize = 100;

impl Explanation {
    /// The lines before the failure's own message: the rule that explains it, with its events. The first line
    /// is a title, and there are at most nine. Empty if no rule explains the failure.
    ///
    /// `message` is the failure's own, and `at_seconds` its time, if that is known. Control characters are
    /// escaped.
    #[must_use]
    pub fn headline(&self, message: &str, at_seconds: Option<f64>) -> Vec<String> {
        match self {
            Self::Cause(rule) => {
                let rule = rule.to_results();
                let mut lines = titled(&rule);
                lines.push(consequence(message, at_seconds));
                lines.push(format!(" {}", rule.sentence()));
                lines
            }
            Self::Alike { id, text } => {
                let rule = Rule { id: id.clone(), text: text.clone(), ..Rule::default() };
                vec![format!("error{}", rule.title())]
            }
            Self::Missing | Self::NoRule { .. } | Self::Before(_) => Vec::new(),
        }
    }

    /// The lines after the failure's own message: the rule that was broken before an exact failure, its title
    /// in the first line; or one line that says that no rule was broken.
    #[must_use]
    pub fn afterword(&self) -> Vec<String> {
        match self {
            Self::Before(rule) => {
                let rule = rule.to_results();
                let mut lines = titled(&rule);
                lines[0].insert_str(0, "before that: ");
                lines.push(format!(" {}", rule.sentence()));
                lines
            }
            Self::NoRule { unseen } if unseen.is_empty() => {
                vec!["no rule was broken, of those that can be seen".to_owned()]
            }
            Self::NoRule { unseen } => {
                let unseen: Vec<String> = unseen.iter().map(|it| one_line(it, 200)).collect();
                let unseen = unseen.join("; ");
                vec![format!("no rule was broken, of those that can be seen; not seen: {unseen}")]
            }
            Self::Missing | Self::Cause(_) | Self::Alike { .. } => Vec::new(),
        }
    }
}

/// What was done, where, and the events that show it.
fn titled(rule: &Rule) -> Vec<String> {
    let place = rule.place().map(|place| format!("  --> {place}"));
    [format!("error{}", rule.title())].into_iter().chain(place).chain(rule.event_lines()).collect()
}

/// What the test saw of it, and when.
fn consequence(message: &str, at_seconds: Option<f64>) -> String {
    let message = message.lines().next().unwrap_or_default();
    let beginning: String = message.chars().take(MESSAGE).collect();
    let end = if beginning.len() < message.len() { " …" } else { "" };
    let shown = one_line(&beginning, MESSAGE);
    match at_seconds {
        Some(at) => format!(" then: the test notices at {at:.3} s: {shown}{end}"),
        None => format!(" then: {shown}{end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::tests::broken;

    #[test]
    fn a_rule_is_named_before_the_tests_message() {
        let explanation = Explanation::Cause(broken("AE1", 2.433));
        assert_eq!(
            explanation.headline("expected command 104 at index 17; saw 105\nsecond line", Some(4.433)),
            [
                "error[AE1]: server 2 accepted an AppendEntries of an older term",
                "  --> 2.433 s, server 2, raft/src/replication.rs:120",
                " 1  2.183  append_entries #74 1→2 {term 1, entries [17@1]}",
                " 2  2.433  server 2 answers {term 2, success}",
                " then: the test notices at 4.433 s: expected command 104 at index 17; saw 105",
                " rule: Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm",
            ]
        );
        assert!(explanation.afterword().is_empty());
    }

    #[test]
    fn a_reader_has_the_rule_within_ten_lines() {
        let mut rule = broken("AE1", 2.433);
        rule.events = rule.events.iter().cycle().take(100).cloned().collect();
        let lines = Explanation::Cause(rule).headline(&"long ".repeat(1000), Some(4.433));
        // One line above it says how many runs failed.
        assert!(lines.len() < 10, "{lines:?}");
        assert!(lines.last().is_some_and(|line| line.starts_with(" rule: ")), "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() < 160), "{lines:?}");
    }

    #[test]
    fn an_exact_failure_comes_first() {
        let explanation = Explanation::Before(broken("AE1", 2.433));
        assert!(explanation.headline("index out of bounds", None).is_empty());
        let lines = explanation.afterword();
        let title = "before that: error[AE1]: server 2 accepted an AppendEntries of an older term";
        assert_eq!(lines[0], title);
        assert!(lines.last().is_some_and(|line| line.starts_with(" rule: ")), "{lines:?}");
    }

    #[test]
    fn one_line_says_that_no_rule_was_broken() {
        let of = |unseen: &[&str]| {
            Explanation::NoRule { unseen: unseen.iter().map(ToString::to_string).collect() }.afterword()
        };
        assert_eq!(of(&[]), ["no rule was broken, of those that can be seen"]);
        assert_eq!(
            of(&["the candidate of RequestVote", "a\n\u{1b}b"]),
            ["no rule was broken, of those that can be seen; not seen: the candidate of RequestVote; \
              a \\u{1b}b"]
        );
    }

    #[test]
    fn texts_of_lab_code_are_escaped() {
        let hostile = "a\u{1b}[2J\nb".to_owned();
        let mut rule = broken("AE1", 2.433);
        for text in [&mut rule.headline, &mut rule.text, &mut rule.server, &mut rule.events[0].what] {
            text.clone_from(&hostile);
        }
        rule.location = Some(hostile.clone());
        let explanations = [Explanation::Cause(rule.clone()), Explanation::Before(rule)];
        for line in explanations.iter().flat_map(|it| [it.headline(&hostile, None), it.afterword()]).flatten()
        {
            assert!(!line.contains(['\u{1b}', '\n']), "{line:?}");
        }
    }
}

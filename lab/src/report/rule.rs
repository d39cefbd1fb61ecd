//! A broken rule, as a terminal shows it before or after the failure that it explains.

use labreport::results::Rule;
use labreport::text::one_line;
use tester::Explanation;

use super::failure::Failure;
use super::paint::Paint;

/// Characters that are shown of a failure's message in the line below a rule's events.
const MESSAGE: usize = 100;

/// The lines before a failure's own message: the rule that explains it, with its events. Empty if no rule
/// does.
pub(crate) fn headline(failure: &Failure, paint: Paint) -> Vec<String> {
    match &failure.explanation {
        Explanation::Cause(rule) => {
            let rule = rule.to_results();
            let mut lines = titled("error", &rule, paint);
            lines.push(consequence(failure));
            lines.push(format!(" {}", rule.sentence()));
            lines
        }
        Explanation::Alike { id, text } => {
            let rule = Rule { id: id.clone(), text: text.clone(), ..Rule::default() };
            vec![paint.bad(&format!("error{}", rule.title()))]
        }
        Explanation::Missing | Explanation::NoRule { .. } | Explanation::Before(_) => Vec::new(),
    }
}

/// The lines after a failure's own message: the rule that was broken before an exact failure, or that none
/// was.
pub(crate) fn afterword(failure: &Failure, paint: Paint) -> Vec<String> {
    match &failure.explanation {
        Explanation::Before(rule) => {
            let rule = rule.to_results();
            let mut lines = vec!["before that:".to_owned()];
            lines.extend(titled("error", &rule, paint));
            lines.push(format!(" {}", rule.sentence()));
            lines
        }
        Explanation::NoRule { unseen } if unseen.is_empty() => {
            vec!["no rule was broken, of those that can be seen".to_owned()]
        }
        Explanation::NoRule { unseen } => {
            let unseen: Vec<String> = unseen.iter().map(|it| one_line(it, 200)).collect();
            vec![format!("no rule was broken, of those that can be seen; not seen: {}", unseen.join("; "))]
        }
        Explanation::Missing | Explanation::Cause(_) | Explanation::Alike { .. } => Vec::new(),
    }
}

/// What was done, where, and the events that show it.
fn titled(word: &str, rule: &Rule, paint: Paint) -> Vec<String> {
    let title = format!("{word}{}", rule.title());
    let title = if word == "error" { paint.bad(&title) } else { paint.doubtful(&title) };
    let place = rule.place().map(|place| format!("  --> {place}"));
    [title].into_iter().chain(place).chain(rule.event_lines()).collect()
}

/// What the test saw of it, and when.
fn consequence(failure: &Failure) -> String {
    let message = failure.message.lines().next().unwrap_or_default();
    let shown = one_line(message, MESSAGE);
    let shown = shown.split(" … and ").next().unwrap_or_default();
    let end = if message.chars().count() > MESSAGE { " …" } else { "" };
    match &failure.origin {
        Some(origin) => format!(" then: the test notices at {:.3} s: {shown}{end}", origin.at_seconds),
        None => format!(" then: {shown}{end}"),
    }
}

/// The line below a rule: how many of the failed runs have it in common, the command that explains it, and the
/// one that replays the first. `None` if no rule explains the failure.
pub(crate) fn summary(first: &Failure, runs: u64, failed: u64, replay: &str) -> Option<String> {
    let id = first.explanation.cause()?;
    let explain = match tester::rules().find(|rule| rule.id == id) {
        Some(rule) => format!(" · cargo lab explain {}", rule.id),
        None => String::new(),
    };
    Some(format!(" {}{explain} · {replay}", share(runs, failed)))
}

/// How many of the failed runs have a cause's rule in common: `all 40 failed runs break this first`.
fn share(runs: u64, failed: u64) -> String {
    match (runs, failed) {
        (1, 1) => "the failed run breaks this first".to_owned(),
        (runs, failed) if runs == failed => format!("all {failed} failed runs break this first"),
        (1, failed) => format!("1 of {failed} failed runs breaks this first"),
        (runs, failed) => format!("{runs} of {failed} failed runs break this first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const PLAIN: Paint = Paint::plain();

    #[test]
    fn a_rule_is_named_before_the_tests_message() {
        let failure =
            sample::failure(1, "expected command 104 at index 17; saw 105\nsecond line", Some("AE1"));
        assert_eq!(
            headline(&failure, PLAIN),
            [
                "error[AE1]: server 2 accepted an AppendEntries of an older term",
                "  --> 2.433 s, server 2, raft/src/replication.rs:120",
                " 1  2.228  server 2 joins term 2   request_vote #58 0→2 {term 2}",
                " 2  2.433  append_entries #74 1→2  {term 1, prev 16@1, entries [17@1]}",
                " 3  2.433  server 2 answers        {term 2, success}",
                " then: the test notices at 4.433 s: expected command 104 at index 17; saw 105",
                " rule: Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm",
            ]
        );
        assert!(afterword(&failure, PLAIN).is_empty());
    }

    #[test]
    fn a_reader_has_the_rule_within_ten_lines() {
        let mut failure = sample::failure(1, &"long ".repeat(1000), Some("AE1"));
        let Explanation::Cause(rule) = &mut failure.explanation else { panic!("a rule") };
        let many = rule.events.iter().cycle().take(100).cloned().collect();
        rule.events = many;
        let lines = headline(&failure, PLAIN);
        // One line above it says how many runs failed.
        assert!(lines.len() < 10, "{lines:?}");
        assert!(lines.last().is_some_and(|line| line.starts_with(" rule: ")), "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() < 160), "{lines:?}");
    }

    #[test]
    fn an_exact_failure_comes_first() {
        let failure = Failure {
            explanation: Explanation::Before(sample::broken("AE1")),
            ..sample::failure(1, "index out of bounds", None)
        };
        assert!(headline(&failure, PLAIN).is_empty());
        let lines = afterword(&failure, PLAIN);
        assert_eq!(
            lines[..2],
            ["before that:", "error[AE1]: server 2 accepted an AppendEntries of an older term"]
        );
        assert!(lines.last().is_some_and(|line| line.starts_with(" rule: ")), "{lines:?}");
    }

    #[test]
    fn one_line_says_that_no_rule_was_broken() {
        let failure = |unseen: &[&str]| Failure {
            explanation: Explanation::NoRule { unseen: unseen.iter().map(ToString::to_string).collect() },
            ..sample::failure(1, "lost 3", None)
        };
        let of = |unseen| afterword(&failure(unseen), PLAIN);
        assert_eq!(of(&[]), ["no rule was broken, of those that can be seen"]);
        assert_eq!(
            of(&["the candidate of RequestVote", "a\n\u{1b}b"]),
            ["no rule was broken, of those that can be seen; not seen: the candidate of RequestVote; \
              a \\u{1b}b"]
        );
    }

    #[test]
    fn the_share_of_failed_runs_reads_as_a_sentence() {
        assert_eq!(share(1, 1), "the failed run breaks this first");
        assert_eq!(share(40, 40), "all 40 failed runs break this first");
        assert_eq!(share(38, 40), "38 of 40 failed runs break this first");
        assert_eq!(share(1, 40), "1 of 40 failed runs breaks this first");
    }

    #[test]
    fn a_command_explains_rules_that_exist() {
        let of = |id| summary(&sample::failure(1, "lost 3", Some(id)), 1, 1, "replay it");
        assert_eq!(
            of("AE1").as_deref(),
            Some(" the failed run breaks this first · cargo lab explain AE1 · replay it")
        );
        assert_eq!(of("$(x)\n").as_deref(), Some(" the failed run breaks this first · replay it"));
        assert_eq!(summary(&sample::failure(1, "lost 3", None), 1, 1, "replay it"), None);
    }

    #[test]
    fn texts_of_lab_code_are_escaped() {
        let hostile = "a\u{1b}[2J\nb".to_owned();
        let mut failure = sample::failure(1, &hostile, Some("AE1"));
        let Explanation::Cause(rule) = &mut failure.explanation else { panic!("a rule") };
        rule.headline.clone_from(&hostile);
        rule.text.clone_from(&hostile);
        rule.location = Some(hostile.clone());
        rule.events[0].what = hostile;
        for line in headline(&failure, PLAIN) {
            assert!(!line.contains(['\u{1b}', '\n']), "{line:?}");
        }
    }
}

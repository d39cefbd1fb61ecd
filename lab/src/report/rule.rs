//! A broken rule, as a terminal shows it before or after the failure that it explains.

use tester::BrokenRule;

use super::failure::Failure;
use super::paint::Paint;

/// The lines before a failure's own message: the rule that explains it, with its events. Empty if no rule
/// does.
pub(crate) fn headline(failure: &Failure, paint: Paint) -> Vec<String> {
    let at_seconds = failure.origin.as_ref().map(|origin| origin.at_seconds);
    titled(failure.explanation.headline(&failure.message, at_seconds), paint)
}

/// The lines after a failure's own message: the rule that was broken before an exact failure, or that none
/// was.
pub(crate) fn afterword(failure: &Failure, paint: Paint) -> Vec<String> {
    let lines = failure.explanation.afterword();
    if failure.explanation.rule().is_some() { titled(lines, paint) } else { lines }
}

/// The lines of a rule that was broken in a run that passed.
pub(crate) fn finding(rule: &BrokenRule, paint: Paint) -> Vec<String> {
    let rule = rule.to_results();
    let title = paint.doubtful(&format!("finding{}", rule.title()));
    let place = rule.place().map(|place| format!("  --> {place}"));
    let mut lines: Vec<String> = [title].into_iter().chain(place).chain(rule.event_lines()).collect();
    lines.push(format!(" {}", rule.sentence()));
    lines
}

/// The line below a finding: the tests in which it was found, and the commands that explain the rule and
/// replay the first run.
pub(crate) fn found_in(rule: &BrokenRule, tests: &[&str], replay: &str) -> String {
    const NAMED: usize = 3;
    let mut names = tests.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if tests.len() > NAMED {
        names += &format!(" and {} more", tests.len() - NAMED);
    }
    format!(" in {names}{} · {replay}", explaining(&rule.id))
}

/// The lines with the first one coloured.
fn titled(mut lines: Vec<String>, paint: Paint) -> Vec<String> {
    if let Some(title) = lines.first_mut() {
        *title = paint.bad(title);
    }
    lines
}

/// The line below a rule: how many of the failed runs have it in common, the command that explains it, and
/// the one that replays the first. `None` if no rule explains the failure.
pub(crate) fn summary(first: &Failure, runs: u64, failed: u64, replay: &str) -> Option<String> {
    let id = first.explanation.cause()?;
    Some(format!(" {}{} · {replay}", share(runs, failed), explaining(id)))
}

/// The command that explains a rule, after a separator; empty if there is no such rule.
fn explaining(id: &str) -> String {
    match tester::rules().find(|rule| rule.id == id) {
        Some(rule) => format!(" · cargo lab explain {}", rule.id),
        None => String::new(),
    }
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
    use tester::Explanation;

    use super::*;
    use crate::report::sample;

    #[test]
    fn the_title_of_a_rule_is_coloured_and_nothing_else() {
        let paint = Paint::colourful();
        let failure = sample::failure(1, "lost 3", Some("AE1"));
        let lines = headline(&failure, paint);
        assert!(lines[0].contains('\u{1b}') && lines[1..].iter().all(|line| !line.contains('\u{1b}')));
        let none = Failure { explanation: Explanation::NoRule { unseen: Vec::new() }, ..failure };
        assert_eq!(afterword(&none, paint), ["no rule was broken, of those that can be seen"]);
    }

    #[test]
    fn a_finding_is_a_rule_and_its_tests() {
        let (tests, rule) = (["a_3a", "b_3a", "c_3b", "d_3b"], sample::broken("AE1"));
        let lines = finding(&rule, Paint::colourful());
        assert!(lines[0].contains("finding[AE1]: server 2 accepted"), "{lines:?}");
        assert_eq!(lines.len(), 6);
        assert_eq!(
            found_in(&rule, &tests, "replay it"),
            " in a_3a, b_3a, c_3b and 1 more · cargo lab explain AE1 · replay it"
        );
        assert_eq!(found_in(&sample::broken("X"), &tests[..1], "y"), " in a_3a · y");
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
}

//! [`Failure`]: a failed run, reported by its test or inferred from the end of its process.

use std::sync::Arc;

use labreport::text::{one_line, visible};
use labrt::world::FailureKind;
use tester::nemesis::{FAULTS_SHOWN, FaultPlan};
use tester::{BrokenRule, Case, Explanation, FailureCause, RuleEvent};

use crate::run::{Job, Outcome, Run};

/// A failed run.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The test.
    pub case: &'static Case,
    /// The seed of the run.
    pub seed: u64,
    /// The kind's name, such as `assertion`.
    pub kind: String,
    /// The message: expected and seen values.
    pub message: String,
    /// The run's fingerprint; 0 if its process died before it reported one.
    pub fingerprint: u64,
    /// The thread and the time at which it was detected; `None` if the process died.
    pub origin: Option<Origin>,
    /// The location in the source, as `file:line:column`.
    pub location: Option<String>,
    /// What the rules that the run broke say about the failure.
    pub explanation: Explanation,
    /// The fault plan that was played, if it is not the one that the seed draws.
    pub plan: Option<Arc<FaultPlan>>,
}

/// The thread and the time at which a failure was detected.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The server, or the tester.
    pub node: String,
    /// The thread.
    pub thread: String,
    /// Virtual seconds since the start of the simulation.
    pub at_seconds: f64,
}

/// The evidence of a failure, which is too long to be kept for each.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The calls that led to a panic.
    pub backtrace: Option<String>,
    /// The end of the output of a process that died.
    pub printed: String,
    /// The log of a run that cannot be repeated.
    pub log: Vec<String>,
}

impl Failure {
    /// The failure of a run, and the evidence; `None` if the run passed.
    pub fn of(run: &Run) -> Option<(Self, Evidence)> {
        let Job { case, seed, .. } = run.job;
        match &run.outcome {
            Outcome::Reported(report) => {
                let reported = report.failure.as_ref()?;
                let failure = Self {
                    case,
                    seed,
                    kind: reported.kind.clone(),
                    message: reported.message.clone(),
                    fingerprint: report.fingerprint,
                    origin: Some(Origin {
                        node: reported.node.clone(),
                        thread: reported.thread.clone(),
                        at_seconds: reported.at_seconds,
                    }),
                    location: reported.location.clone(),
                    explanation: run.explanation.clone(),
                    plan: run.plan.clone(),
                };
                let backtrace = reported.backtrace.clone();
                Some((failure, Evidence { backtrace, printed: String::new(), log: report.log.clone() }))
            }
            Outcome::Lost(lost) => {
                let failure = Self {
                    case,
                    seed,
                    kind: lost.kind.to_string(),
                    message: lost.message.clone(),
                    fingerprint: 0,
                    origin: None,
                    location: None,
                    explanation: Explanation::Missing,
                    plan: run.plan.clone(),
                };
                Some((failure, Evidence { backtrace: None, printed: lost.printed.clone(), log: Vec::new() }))
            }
        }
    }

    /// Whether a limit of the machine's time ended the run: another run is likely to take as long.
    #[must_use]
    pub fn hung(&self) -> bool {
        let is = |kind: FailureKind| self.kind == kind.name();
        // A time-out without a fingerprint is one of real time.
        is(FailureKind::Blocked) || is(FailureKind::Timeout) && self.fingerprint == 0
    }

    /// What it has in common with others of the same cause.
    pub(crate) fn cause(&self) -> FailureCause {
        FailureCause::new(&self.explanation, &self.kind, self.location.as_deref(), &self.message)
    }

    /// The lines of the fault plan that was played: a title and some faults. None if the test plays no plan.
    pub(crate) fn plan_lines(&self) -> Vec<String> {
        self.case.plan_lines(self.seed, self.plan.as_deref(), FAULTS_SHOWN)
    }

    /// The bytes of its message, and of the events of the rule that explains it.
    pub(crate) fn text_bytes(&self) -> usize {
        let of_event = |event: &RuleEvent| event.what.len() + event.server.len();
        let of_rule = |rule: &BrokenRule| {
            rule.text.len() + rule.headline.len() + rule.events.iter().map(of_event).sum::<usize>()
        };
        self.message.len() + self.explanation.rule().map_or(0, of_rule)
    }

    /// Forgets the events of the rule that explains it, and keeps the rule.
    pub(crate) fn forget_events(&mut self) {
        if let Explanation::Cause(rule) | Explanation::Before(rule) = &mut self.explanation {
            rule.events = Vec::new();
        }
    }

    /// The kind and the message, whose further lines are indented by `indent`. Control characters are
    /// escaped.
    pub fn statement(&self, indent: &str) -> String {
        let kind = shown_name(&self.kind).replace('_', " ");
        format!("{kind}: {}", visible(self.message.trim_end()).replace('\n', &format!("\n{indent}")))
    }

    /// The origin and the location in one line; `None` if the process died.
    pub fn origin_line(&self) -> Option<String> {
        let Origin { node, thread, at_seconds } = self.origin.as_ref()?;
        let (node, thread) = (shown_name(node), shown_name(thread));
        let location = self.location.as_deref().map(|it| format!(", {}", shown_name(it))).unwrap_or_default();
        Some(format!("seen on {node} (thread {thread}) at {at_seconds:.3} s{location}"))
    }
}

/// A name that lab code chooses, such as that of a thread, in one line.
fn shown_name(name: &str) -> String {
    one_line(name, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_lab_code_are_escaped_and_names_are_one_line() {
        let hostile = "a\u{1b}[2J\n\u{202e}张三";
        let failure = Failure {
            case: &tester::cases()[0],
            seed: 1,
            kind: hostile.to_owned(),
            message: hostile.to_owned(),
            fingerprint: 0,
            origin: Some(Origin { node: hostile.to_owned(), thread: hostile.to_owned(), at_seconds: 1.0 }),
            location: Some(hostile.to_owned()),
            explanation: Explanation::Missing,
            plan: None,
        };
        let shown = r"a\u{1b}[2J \u{202e}张三";
        assert_eq!(failure.statement("  "), format!("{shown}: {}", shown.replace("2J ", "2J\n  ")));
        let line = failure.origin_line().expect("an origin");
        assert_eq!(line, format!("seen on {shown} (thread {shown}) at 1.000 s, {shown}"));
    }
}

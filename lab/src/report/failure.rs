//! [`Failure`]: one failed run, whether its test reported it or its process died of it.

use labreport::text::{one_line, visible};
use tester::Case;

use crate::run::{Job, Outcome, Run};

/// What is remembered of a failed run.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The test.
    pub case: &'static Case,
    /// The seed of the run.
    pub seed: u64,
    /// The kind's name, such as `assertion`.
    pub kind: String,
    /// What was expected and what was seen.
    pub message: String,
    /// The run's fingerprint; 0 if its process died before it could tell.
    pub fingerprint: u64,
    /// Where in the simulation it was noticed; a process that died does not tell.
    pub place: Option<Place>,
    /// Where in the source, as `file:line:column`.
    pub location: Option<String>,
}

/// Who noticed a failure, and when.
#[derive(Debug, Clone)]
pub struct Place {
    /// The server, or the tester.
    pub node: String,
    /// The thread.
    pub thread: String,
    /// Virtual seconds since the start of the simulation.
    pub at_seconds: f64,
}

/// What is too long to be remembered of every failure.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The calls that led to a panic.
    pub backtrace: Option<String>,
    /// The last that a process printed before it died.
    pub printed: String,
    /// The log of a run that cannot be done again for it.
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
                    place: Some(Place {
                        node: reported.node.clone(),
                        thread: reported.thread.clone(),
                        at_seconds: reported.at_seconds,
                    }),
                    location: reported.location.clone(),
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
                    place: None,
                    location: None,
                };
                Some((failure, Evidence { backtrace: None, printed: lost.printed.clone(), log: Vec::new() }))
            }
        }
    }

    /// Kind and message, the message's further lines indented by `indent`. All of it is visible.
    pub fn statement(&self, indent: &str) -> String {
        let kind = shown_name(&self.kind).replace('_', " ");
        format!("{kind}: {}", visible(self.message.trim_end()).replace('\n', &format!("\n{indent}")))
    }

    /// Who noticed it, when, and where in the source, in one line; `None` if its process did not tell.
    pub fn sighting(&self) -> Option<String> {
        let Place { node, thread, at_seconds } = self.place.as_ref()?;
        let (node, thread) = (shown_name(node), shown_name(thread));
        let location = self.location.as_deref().map(|it| format!(", {}", shown_name(it))).unwrap_or_default();
        Some(format!("seen on {node} (thread {thread}) at {at_seconds:.3} s{location}"))
    }
}

/// The name of a thread, say, which lab code chooses.
fn shown_name(name: &str) -> String {
    one_line(name, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lab_code_says_is_visible_and_where_it_belongs_in_one_line() {
        let hostile = "a\u{1b}[2J\n\u{202e}张三";
        let failure = Failure {
            case: &tester::cases()[0],
            seed: 1,
            kind: hostile.to_owned(),
            message: hostile.to_owned(),
            fingerprint: 0,
            place: Some(Place { node: hostile.to_owned(), thread: hostile.to_owned(), at_seconds: 1.0 }),
            location: Some(hostile.to_owned()),
        };
        let shown = r"a\u{1b}[2J \u{202e}张三";
        assert_eq!(failure.statement("  "), format!("{shown}: {}", shown.replace("2J ", "2J\n  ")));
        let sighting = failure.sighting().expect("a place");
        assert_eq!(sighting, format!("seen on {shown} (thread {shown}) at 1.000 s, {shown}"));
    }
}

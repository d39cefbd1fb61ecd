//! [`StoredRun`]: a run in the file of a shard.

use std::sync::Arc;

use labrt::world::FailureKind;
use serde::{Deserialize, Serialize};
use tester::nemesis::FaultPlan;
use tester::{Explanation, Report};

use crate::run::{Job, Lost, Outcome, Run};

/// A run as it was delivered in the order of the plan, without what differs from machine to machine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredRun {
    pub(crate) test: String,
    pub(crate) seed: u64,
    outcome: StoredOutcome,
    #[serde(default, skip_serializing_if = "is_missing")]
    explanation: Explanation,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredOutcome {
    Reported(Box<Report>),
    Lost { kind: String, message: String, printed: String },
}

fn is_missing(explanation: &Explanation) -> bool {
    *explanation == Explanation::Missing
}

impl StoredRun {
    /// A run to store, and its CPU seconds, which are stored apart.
    ///
    /// `are_watched` tells whether all runs are watched. Otherwise it depends on timing which failures are
    /// analysed beyond those that settle an explanation, so what analyses saw is left out. The explanation
    /// itself is the settled one.
    pub(crate) fn of(run: Run, are_watched: bool) -> (Self, f64) {
        let Run { job, plan: _, outcome, explanation } = run;
        let (outcome, cpu_seconds) = match outcome {
            Outcome::Reported(mut report) => {
                let cpu_seconds = std::mem::take(&mut report.cpu_seconds);
                // The seed or the command gives it.
                report.plan = None;
                report.log = Vec::new();
                if !are_watched {
                    report.broken = Vec::new();
                    report.unseen = Vec::new();
                    report.analysed = false;
                    report.situations = Vec::new();
                }
                (StoredOutcome::Reported(report), cpu_seconds)
            }
            Outcome::Lost(Lost { kind, message, printed }) => {
                (StoredOutcome::Lost { kind: kind.name().to_owned(), message, printed }, 0.0)
            }
        };
        (Self { test: job.case.name.to_owned(), seed: job.seed, outcome, explanation }, cpu_seconds)
    }

    /// The run, of this job, in which this fault plan was played.
    pub(crate) fn into_run(self, job: Job, plan: Option<Arc<FaultPlan>>, cpu_seconds: f64) -> Run {
        let outcome = match self.outcome {
            StoredOutcome::Reported(mut report) => {
                report.cpu_seconds = cpu_seconds;
                Outcome::Reported(report)
            }
            StoredOutcome::Lost { kind, message, printed } => {
                let kind = kind.parse().unwrap_or(FailureKind::Unknown);
                Outcome::Lost(Lost { kind, message, printed })
            }
        };
        Run { job, plan, outcome, explanation: self.explanation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// Stores a run, and reads it again.
    fn stored(run: Run) -> (String, Run) {
        let job = run.job;
        let (stored, cpu_seconds) = StoredRun::of(run, false);
        let text = serde_json::to_string(&stored).expect("JSON");
        let read: StoredRun = serde_json::from_str(&text).expect("a run");
        (text, read.into_run(job, None, cpu_seconds))
    }

    #[test]
    fn a_run_is_read_as_it_was_delivered() {
        let mut run = sample::run(7, Some("lost 3"), Some("AE1"));
        let explanation = run.explanation.clone();
        if let Outcome::Reported(report) = &mut run.outcome {
            // It has no short decimal form.
            report.virtual_seconds = 0.1 + 0.2;
        }
        let (_, read) = stored(run);
        assert_eq!(read.explanation, explanation);
        let Outcome::Reported(report) = read.outcome else { panic!("a report") };
        assert_eq!(report.virtual_seconds.to_bits(), (0.1_f64 + 0.2).to_bits());
        assert_eq!(report.cpu_seconds.to_bits(), 0.5_f64.to_bits());
        assert_eq!(report.failure.expect("it failed").message, "lost 3");

        let lost = Lost { kind: FailureKind::Abort, message: "it died".to_owned(), printed: "so".to_owned() };
        let run = Run { outcome: Outcome::Lost(lost.clone()), ..sample::run(7, None, None) };
        let (_, read) = stored(run);
        assert!(matches!(read.outcome, Outcome::Lost(read) if read == lost));
    }

    #[test]
    fn what_is_stored_does_not_depend_on_time_and_machine() {
        let alike = Explanation::Alike { id: "AE1".to_owned(), text: "reply false".to_owned() };
        // Of two failures whose explanation is settled, one was analysed before it was.
        let analysed = Run { explanation: alike.clone(), ..sample::run(7, Some("lost 3"), Some("RV1")) };
        let mut other = Run { explanation: alike, ..sample::run(7, Some("lost 3"), None) };
        if let Outcome::Reported(report) = &mut other.outcome {
            report.cpu_seconds = 9.0;
        }
        assert_eq!(stored(analysed).0, stored(other).0);
    }
}

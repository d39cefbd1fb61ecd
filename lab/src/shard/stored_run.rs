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

//! [`TestReport`]: a test in a report.

use std::time::Duration;

/// A test in a report: its runs and its failures.
#[derive(Clone, Debug, Default)]
pub struct TestReport {
    /// The test's name, as the report shows it.
    pub name: String,
    /// The part of the lab.
    pub part: String,
    /// Number of runs. Zero means that the test did not run.
    pub runs: u64,
    /// Runs that did not pass.
    pub failed: u64,
    /// Runs that were planned and not made. They are a skipped case of their own.
    pub not_made: u64,
    /// The failures or causes of failure, the most important first.
    pub failures: Vec<FailureReport>,
    /// The time that the runs took.
    pub time: Option<Duration>,
    /// Other figures, by name.
    pub properties: Vec<(&'static str, String)>,
}

/// A failed run, or a cause of failures.
#[derive(Clone, Debug, Default)]
pub struct FailureReport {
    /// The text before the failure: `seed 0x1f`, `3 times`.
    pub heading: String,
    /// The kind, such as `panic`.
    pub kind: String,
    /// The violated expectation: what was expected and what was seen.
    pub message: String,
    /// The lines of the broken rule that explains it, see [`Rule::lines`](crate::results::Rule::lines).
    pub rule: Vec<String>,
    /// The lines of the fault plan that was played, if it is not the one that the seed draws.
    pub faults: Vec<String>,
    /// The command that replays the run.
    pub replay: String,
}

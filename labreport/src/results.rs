//! [`Results`]: the results of many runs of some tests, as `lab test --json` writes them and other programs read
//! them.
//!
//! The form is a promise: fields may be added, none renamed. Seeds and fingerprints are texts (`"0x1f"`), because
//! a JSON number need not hold 64 bits. Figures are sums over the runs.

use serde::{Deserialize, Serialize};

/// The number of the form. A file with another number has another form.
const SCHEMA: u32 = 1;

/// The results of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The number of the form, 1.
    pub schema: u32,
    /// The sources that were tested.
    pub build: String,
    /// Where the runs took place: `sim` or `threads`.
    pub backend: String,
    /// The solution.
    pub solution: String,
    /// How the simulation chose the next thread.
    pub policy: String,
    /// The first seed of each test.
    pub first_seed: String,
    /// Runs side by side.
    pub jobs: u32,
    /// One for each test that was chosen.
    pub tests: Vec<TestResult>,
    /// The causes of failures, in the order in which they were met.
    pub causes: Vec<CauseOfFailures>,
    /// Failures of causes that are not listed, because there are too many.
    pub failures_of_other_causes: u64,
    /// The sums over all tests.
    pub total: Total,
    /// Whether all that was to be run was: false in what an interrupted command leaves behind.
    pub finished: bool,
}

/// The results of one test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// The part of the lab.
    pub part: String,
    /// What the course prints when the test begins.
    pub title: String,
    /// What passing is worth.
    pub points: u32,
    /// Number of runs.
    pub runs: u64,
    /// Runs that passed.
    pub passed: u64,
    /// Runs that did not pass.
    pub failed: u64,
    /// The runs that failed, in the order of seeds.
    pub failures: Vec<FailedRun>,
    /// Failed runs that are not listed, because there are too many.
    pub failures_besides: u64,
    /// Suspicious observations that fail no run.
    pub warnings: Vec<Warning>,
    /// Virtual time.
    pub virtual_seconds: f64,
    /// Processor time.
    pub cpu_seconds: f64,
    /// RPCs that were sent.
    pub rpcs: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// Commands that were committed.
    pub commands: u64,
    /// Operations of clients.
    pub operations: u64,
    /// The joined fingerprints of all runs.
    pub fingerprint: String,
}

/// A run that failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FailedRun {
    /// The run's seed.
    pub seed: String,
    /// The kind of failure, such as `assertion`.
    pub kind: String,
    /// What was expected and what was seen.
    pub message: String,
    /// Tells the run from every other; zero if its process ended before it could tell.
    pub fingerprint: String,
    /// The server that noticed the failure, or the tester. Missing if the process died, as are virtual time and
    /// thread.
    #[serde(default)]
    pub node: Option<String>,
    /// The thread.
    #[serde(default)]
    pub thread: Option<String>,
    /// Virtual seconds since the start of the run.
    #[serde(default)]
    pub at_seconds: Option<f64>,
    /// The position in the source, as `file:line:column`.
    #[serde(default)]
    pub location: Option<String>,
}

/// A suspicious observation that fails no run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The observation.
    pub message: String,
    /// Runs that gave it.
    pub runs: u64,
    /// The first seed that gave it.
    pub seed: String,
}

/// A cause of failures, see [`likeness`](crate::likeness).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseOfFailures {
    /// The kind of failure.
    pub kind: String,
    /// What was expected and what was seen, in the first failure.
    pub message: String,
    /// The position in the source.
    pub location: Option<String>,
    /// Runs that failed of it.
    pub runs: u64,
    /// The tests that it made fail.
    pub tests: Vec<String>,
    /// The first of them.
    pub test: String,
    /// The smallest seed there.
    pub seed: String,
    /// The command that replays this run.
    pub replay: String,
}

/// The sums over all tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// Number of runs.
    pub runs: u64,
    /// Runs that passed.
    pub passed: u64,
    /// Runs that did not pass.
    pub failed: u64,
    /// Of these, runs that ended at code that is not there yet.
    pub not_implemented: u64,
    /// Real time.
    pub wall_seconds: f64,
    /// Processor time.
    pub cpu_seconds: f64,
    /// Virtual time.
    pub virtual_seconds: f64,
}

/// Why a text is no results.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// It is not JSON of this form.
    #[error("they have another form: {0}")]
    Form(#[from] serde_json::Error),
    /// Another version wrote it.
    #[error("they have schema {0}, and this version reads {SCHEMA}")]
    Schema(u32),
}

impl Default for Results {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            build: String::new(),
            backend: String::new(),
            solution: String::new(),
            policy: String::new(),
            first_seed: String::new(),
            jobs: 1,
            tests: Vec::new(),
            causes: Vec::new(),
            failures_of_other_causes: 0,
            total: Total::default(),
            finished: true,
        }
    }
}

impl Results {
    /// The results as JSON, with a line break at the end.
    ///
    /// # Panics
    ///
    /// Never: texts and numbers have a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and numbers have a JSON form") + "\n"
    }

    /// The results in a text of [`to_json`](Self::to_json).
    ///
    /// # Errors
    ///
    /// The text has another form, or another [schema](ResultsError::Schema).
    pub fn from_json(text: &str) -> Result<Self, ResultsError> {
        #[derive(Deserialize)]
        struct Numbered {
            schema: u32,
        }
        match serde_json::from_str::<Numbered>(text)?.schema {
            SCHEMA => Ok(serde_json::from_str(text)?),
            other => Err(ResultsError::Schema(other)),
        }
    }

    /// The number of tests that failed.
    #[must_use]
    pub fn failed_tests(&self) -> usize {
        self.tests.iter().filter(|test| !test.failures.is_empty()).count()
    }
}

impl FailedRun {
    /// A run whose server, thread and time are not known.
    #[must_use]
    pub fn brief(seed: String, kind: String, message: String, fingerprint: String) -> Self {
        Self { seed, kind, message, fingerprint, ..Self::default() }
    }

    /// The words with which a statement of the failure begins.
    #[must_use]
    pub fn kind_in_words(&self) -> String {
        format!("{}: ", self.kind.replace('_', " "))
    }

    /// Whether the run was told from every other, so that a replay can be compared with it.
    #[must_use]
    pub fn is_comparable(&self) -> bool {
        self.fingerprint.trim_start_matches("0x").chars().any(|digit| digit != '0')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_as_they_were_written_and_other_schemas_are_refused() {
        let results = Results { solution: "reference".to_owned(), ..Results::default() };
        let text = results.to_json();
        assert_eq!(Results::from_json(&text).unwrap(), results);
        let later = text.replace("\"schema\": 1", "\"schema\": 2");
        assert!(matches!(Results::from_json(&later), Err(ResultsError::Schema(2))));
        assert!(matches!(Results::from_json("{\"schema\": 1}"), Err(ResultsError::Form(_))));
        assert!(Results::from_json("").is_err());
    }
}

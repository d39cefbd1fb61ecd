//! [`Results`]: what the tests said, as `lab test --json` writes it.

use serde::{Deserialize, Serialize};

/// The results of one call of `lab test`. Fields that nobody here asks for are left out.
#[derive(Clone, Debug, Deserialize)]
pub struct Results {
    /// One for each test that was chosen.
    pub tests: Vec<TestResult>,
}

/// The results of one test.
#[derive(Clone, Debug, Deserialize)]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// Number of runs.
    pub runs: u64,
    /// The runs that failed, in the order of seeds.
    pub failures: Vec<Failure>,
    /// What joins the fingerprints of all runs.
    pub fingerprint: String,
}

/// A run that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The run's seed.
    pub seed: String,
    /// The kind of failure, such as `assertion`.
    pub kind: String,
    /// What was expected and what was seen.
    pub message: String,
    /// What tells the run from every other; zero if its process ended before it could tell.
    pub fingerprint: String,
}

impl Failure {
    /// How a statement of the failure begins.
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

impl Results {
    /// How many tests noticed something.
    #[must_use]
    pub fn noticed(&self) -> usize {
        self.tests.iter().filter(|test| !test.failures.is_empty()).count()
    }
}

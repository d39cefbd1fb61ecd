//! [`Results`]: the results of many runs of some tests, as `lab test --json` writes them and other programs
//! read them.
//!
//! The format is stable: fields may be added, none is renamed. Seeds and fingerprints are strings (`"0x1f"`),
//! because a JSON number need not hold 64 bits. Figures are sums over the runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the format. A file with another version has another format.
const SCHEMA: u32 = 1;

/// The results of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The version of the format, 1.
    pub schema: u32,
    /// The sources that were tested.
    pub build: String,
    /// The backend of the runs: `sim` or `threads`.
    pub backend: String,
    /// The solution.
    pub solution: String,
    /// The scheduling policy of the simulation.
    pub policy: String,
    /// The first seed of each test.
    pub first_seed: String,
    /// Number of parallel runs.
    pub jobs: u32,
    /// The results of each chosen test.
    pub tests: Vec<TestResult>,
    /// The causes of failures, in the order in which they were found.
    pub causes: Vec<CauseOfFailures>,
    /// Failures of causes that are not listed, because there are too many.
    pub failures_of_other_causes: u64,
    /// The situations of each lab whose tests ran, if they were counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<LabCoverage>,
    /// The sums over all tests.
    pub total: Total,
    /// Whether all planned runs were made: false in the file that an interrupted command leaves.
    pub finished: bool,
}

/// The results of one test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// The part of the lab.
    pub part: String,
    /// The title that the course prints when the test begins.
    pub title: String,
    /// The points for passing.
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
    /// Runs that were planned and not made, because the runs before had failed for the same cause.
    #[serde(default)]
    pub not_made: u64,
    /// Rules that were broken in a run that passed. They fail no run.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What the analyses of that run did not recognise: rules that need it were silent.
    #[serde(default)]
    pub unseen: Vec<String>,
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
    /// The violated expectation: what was expected and what was seen.
    pub message: String,
    /// The fingerprint of the run; zero if its process died before it could report one.
    pub fingerprint: String,
    /// The server that noticed the failure, or the tester. Missing if the process died, as are virtual time
    /// and thread.
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
    /// The rule that explains the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The first rule that was broken before a failure that is exact by itself, such as a deadlock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Rule>,
    /// The fault plan of the run, if it is not the one that the seed draws, as `lab replay --plan` takes it.
    /// Then all else that is said here of the failure belongs to the run with this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Value>,
    /// This plan in lines for people: a title and its first faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// A rule that a solution broke in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The rule's name, such as `AE1`.
    pub id: String,
    /// Its place in the paper and its sentence.
    pub text: String,
    /// What the server did, as a sentence without a full stop. Empty where only the rule is known, as are the
    /// fields below.
    #[serde(default)]
    pub headline: String,
    /// The server.
    #[serde(default)]
    pub server: String,
    /// The time of the last event, in virtual seconds since the start of the run.
    #[serde(default)]
    pub at_seconds: f64,
    /// The line of the solution nearest to it, as `file:line`.
    #[serde(default)]
    pub location: Option<String>,
    /// The events that show it, in the order of time.
    #[serde(default)]
    pub events: Vec<RuleEvent>,
}

/// An event that shows that a rule was broken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleEvent {
    /// Virtual seconds since the start of the run.
    pub time: f64,
    /// The server at which it happened.
    pub server: String,
    /// The event in words.
    pub what: String,
}

/// A rule that was broken in a run that passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The run's seed.
    pub seed: String,
    /// The rule.
    pub rule: Rule,
}

/// The situations that the runs of a lab's tests came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabCoverage {
    /// The lab, by the name of its crate.
    pub lab: String,
    /// The runs that were watched.
    pub runs: u64,
    /// The situations that the lab names, in its order.
    pub situations: Vec<CoveredSituation>,
}

/// A situation, and how often runs came to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredSituation {
    /// Its name, unique in its lab.
    pub name: String,
    /// What happens, in one sentence.
    pub text: String,
    /// The runs that came to it.
    pub runs: u64,
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

/// A cause of failures: a rule that explains all of them, or else their [`likeness`](crate::likeness()).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CauseOfFailures {
    /// The kind of failure.
    pub kind: String,
    /// The violated expectation of the first failure.
    pub message: String,
    /// The position in the source.
    pub location: Option<String>,
    /// Runs that failed for this cause.
    pub runs: u64,
    /// The tests that failed for this cause.
    pub tests: Vec<String>,
    /// The first of them.
    pub test: String,
    /// The smallest seed of a failed run of that test.
    pub seed: String,
    /// The command that replays this run.
    pub replay: String,
    /// The rule that explains the failures, as the run with this seed broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The first rule that this run broke before its failure, which is exact by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Rule>,
    /// The fault plan of this run, if it is not the one that the seed draws: the smallest that was found to
    /// fail so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Value>,
    /// The fault plan of this run, drawn or not, in lines for people: a title and its first faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
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
    /// Of these, runs that reached code which is not implemented yet.
    pub not_implemented: u64,
    /// Runs that were planned and not made.
    #[serde(default)]
    pub not_made: u64,
    /// Real time.
    pub wall_seconds: f64,
    /// Processor time.
    pub cpu_seconds: f64,
    /// Virtual time.
    pub virtual_seconds: f64,
}

/// The reason why a text cannot be read as results.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The text is not JSON of this format.
    #[error("they have another form: {0}")]
    Form(#[from] serde_json::Error),
    /// Another version of the program wrote it.
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
            coverage: Vec::new(),
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
    /// A run whose server, thread and time are unknown.
    #[must_use]
    pub fn brief(seed: String, kind: String, message: String, fingerprint: String) -> Self {
        Self { seed, kind, message, fingerprint, ..Self::default() }
    }

    /// The failure kind as the beginning of a sentence: `assertion: `.
    #[must_use]
    pub fn kind_in_words(&self) -> String {
        format!("{}: ", self.kind.replace('_', " "))
    }

    /// The rule that explains the failure, or else the one that was broken before it.
    #[must_use]
    pub fn first_broken(&self) -> Option<&Rule> {
        self.rule.as_ref().or(self.before.as_ref())
    }

    /// Whether the run has a fingerprint, so that a replay can be compared with it.
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

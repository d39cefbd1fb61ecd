//! [`Graded`]: the complete result of grading a submission.

use serde::{Deserialize, Serialize};

use crate::rules::Findings;
use crate::score::{GradedTest, Points};
use crate::submission::Refusal;

/// The complete result of grading a submission, for every outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// Its name, as [`names`](crate::submission::names) gives it.
    pub name: String,
    /// The submission's folder; empty if unknown. It appears in the table of all submissions only, not in a
    /// student's report.
    #[serde(default)]
    pub folder: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Files and folders in the submission's folder that are not graded.
    pub ignored: Vec<String>,
    /// The number of further ones.
    pub ignored_besides: usize,
    /// The findings of the rules in its source. Warnings are included even if it was graded.
    pub findings: Findings,
    /// Objections to the artifacts, a sentence each: see
    /// [`Inspection::objections`](crate::build::Inspection::objections).
    #[serde(default)]
    pub objections: Vec<String>,
    /// The end of the compiler's output, if the build failed.
    pub build_log: String,
    /// Further notes for its author, a sentence each.
    pub notes: Vec<String>,
    /// Every graded test, those that did not run included.
    pub tests: Vec<GradedTest>,
}

/// The outcome of grading a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its tests ran.
    Graded,
    /// Some of its tests ran, and count. The text says why the others did not.
    Unfinished(String),
    /// Its files were refused, for these reasons.
    Refused(Vec<Refusal>),
    /// It breaks rules: see [`Graded::findings`] and [`Graded::objections`].
    BreaksRules,
    /// The compiler reads a file that the rules cannot parse: see [`Findings::unparsed`]. Its tests ran and
    /// do not count.
    Unchecked,
    /// It does not build: see [`Graded::build_log`].
    DoesNotBuild,
    /// Its build was stopped, for the given reason. The cause may be the submission or the machine: the next
    /// grading tries the build again.
    Stopped(String),
    /// The grader failed, for the given reason. This is no fault of the submission, which should be graded
    /// again.
    NotGraded(String),
}

impl Outcome {
    /// A short name for tables: `graded`, `unfinished`, `refused`, `breaks_rules`, `unchecked`,
    /// `does_not_build`, `stopped` or `not_graded`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Graded => "graded",
            Self::Unfinished(_) => "unfinished",
            Self::Refused(_) => "refused",
            Self::BreaksRules => "breaks_rules",
            Self::Unchecked => "unchecked",
            Self::DoesNotBuild => "does_not_build",
            Self::Stopped(_) => "stopped",
            Self::NotGraded(_) => "not_graded",
        }
    }

    /// A sentence that describes the outcome.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Graded => "The tests ran.".to_owned(),
            Self::Unfinished(why) => {
                format!("Not all tests have run, and those that have not count as failed: {why}")
            }
            Self::Refused(_) => {
                "The submission was refused because of its files; nothing was built or run.".to_owned()
            }
            Self::BreaksRules => "The submission breaks rules; nothing of it was run.".to_owned(),
            Self::Unchecked => {
                "The compiler reads a file that the rules cannot parse: the tests do not count until a \
                 person has looked at it."
                    .to_owned()
            }
            Self::DoesNotBuild => "The submission does not build; nothing was run.".to_owned(),
            Self::Stopped(why) => {
                format!("The build was stopped, and is tried again when this is graded again: {why}")
            }
            Self::NotGraded(why) => format!("The grader failed, through no fault of the submission: {why}"),
        }
    }
}

impl Graded {
    /// The sum of the tests' scores.
    #[must_use]
    pub fn score(&self) -> Points {
        self.tests.iter().map(|test| test.score).sum()
    }

    /// The sum of the tests' possible scores.
    #[must_use]
    pub fn max(&self) -> Points {
        self.tests.iter().map(|test| test.max).sum()
    }
}

//! [`Graded`]: all that is known of a submission when it has been graded.

use serde::{Deserialize, Serialize};

use crate::rules::Findings;
use crate::score::{GradedTest, Points};
use crate::submission::Refusal;

/// All that is known of a submission when it has been graded, whatever became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    /// Its name, as [`names`](crate::submission::names) gives it.
    pub name: String,
    /// Where it was; empty if nobody knows. It is for the table of all submissions: no student is told of it.
    #[serde(default)]
    pub folder: String,
    /// How far it came.
    pub outcome: Outcome,
    /// What was left out of the submission's folder.
    pub ignored: Vec<String>,
    /// How much more was.
    pub ignored_besides: usize,
    /// What the rules found in its source; warnings also if it was graded.
    pub findings: Findings,
    /// What speaks against what was built of it, a sentence each: see
    /// [`Inspection::objections`](crate::build::Inspection::objections).
    #[serde(default)]
    pub objections: Vec<String>,
    /// The end of what the compiler said, if it failed.
    pub build_log: String,
    /// What else its author should know, a sentence each.
    pub notes: Vec<String>,
    /// Every test that is graded, also if none was run.
    pub tests: Vec<GradedTest>,
}

/// How far a submission came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its tests ran.
    Graded,
    /// Some of its tests ran, and count; why the others did not is told.
    Unfinished(String),
    /// Its files were refused, for these reasons.
    Refused(Vec<Refusal>),
    /// It breaks rules: see [`Graded::findings`] and [`Graded::objections`].
    BreaksRules,
    /// The compiler reads a file that the rules cannot: see [`Findings::unparsed`]. Its tests ran and do not
    /// count.
    Unchecked,
    /// It does not build: see [`Graded::build_log`].
    DoesNotBuild,
    /// Its build ended in a way that cannot be graded, which is told. The submission or the machine may be to
    /// blame: the build is tried again when the submission is graded again.
    Stopped(String),
    /// The grader could not do its work, which is told. The submission is not to blame and should be graded
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

    /// What it means, in a sentence.
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
                "The compiler reads what the rules cannot: its tests do not count until a person has looked at it."
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
    /// The sum of what the tests earned.
    #[must_use]
    pub fn score(&self) -> Points {
        self.tests.iter().map(|test| test.score).sum()
    }

    /// The sum of what the tests could earn.
    #[must_use]
    pub fn max(&self) -> Points {
        self.tests.iter().map(|test| test.max).sum()
    }
}

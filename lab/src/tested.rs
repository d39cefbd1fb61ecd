//! [`Tested`]: what is under test, one of the solutions that are compiled in or a submission.

use crate::error::CommandError;
use crate::run::Starter;
use crate::{Lab, Verdict};

/// What is under test.
pub(crate) struct Tested {
    /// The solution's name, as the workers know it.
    pub(crate) solution: &'static str,
    /// What people call it.
    pub(crate) title: String,
    pub(crate) starter: Starter,
    /// What a command needs besides to choose a submission: empty for what is compiled in.
    pub(crate) options: String,
    /// What must stay as it is while workers run.
    #[cfg(feature = "grading")]
    pub(crate) _held: Option<crate::submission::Held>,
}

/// What was asked for, or the end of the command if it does not build.
pub(crate) type Choice = Result<Tested, Verdict>;

impl Tested {
    /// A solution that is compiled in.
    pub(crate) fn compiled_in(lab: &Lab, name: &str) -> Result<Self, CommandError> {
        let solution = lab.solution(name)?.name;
        Ok(Self {
            solution,
            title: solution.to_owned(),
            starter: Starter::this_program(),
            options: String::new(),
            #[cfg(feature = "grading")]
            _held: None,
        })
    }

    /// Whether it is a submission.
    pub(crate) fn is_submission(&self) -> bool {
        !self.options.is_empty()
    }
}

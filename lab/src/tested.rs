//! [`Tested`]: the solution under test, one of those that are compiled in or a submission.

use std::any::Any;

use crate::error::CommandError;
use crate::run::Starter;
use crate::{Lab, Verdict};

/// The solution under test.
pub struct Tested {
    /// The solution's name, as the workers have it.
    pub solution: &'static str,
    /// The name that is printed.
    pub title: String,
    /// Starts the workers that have it compiled in.
    pub starter: Starter,
    /// The options that choose the submission in a command, each after a space; empty for a solution that is
    /// compiled in.
    pub options: String,
    /// Resources that are held while workers run, such as a lock.
    pub held: Option<Box<dyn Any>>,
}

/// The solution under test, or the verdict of the command if there is nothing to test.
pub type Choice = Result<Tested, Verdict>;

impl Tested {
    /// A solution that is compiled in; the first if no name is given.
    ///
    /// # Errors
    ///
    /// No solution has this name.
    pub fn compiled_in(lab: &Lab, name: Option<&str>) -> Result<Self, CommandError> {
        let solution = lab.solution(name)?.name;
        Ok(Self {
            solution,
            title: solution.to_owned(),
            starter: Starter::this_program(),
            options: String::new(),
            held: None,
        })
    }

    /// Whether it is a submission.
    #[must_use]
    pub fn is_submission(&self) -> bool {
        !self.options.is_empty()
    }
}

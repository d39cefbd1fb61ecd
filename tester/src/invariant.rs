//! [`Invariant`]: a property that holds at every moment of every run.

use std::fmt;

use crate::event::{Event, Interests};

/// A property that holds at every moment of every run of a protocol, whatever the test.
///
/// An invariant receives the events of its cluster that it subscribes to, from the first start of a server to
/// the end of the test, across crashes, and nothing else. It objects when these events cannot be those of a
/// correct solution. A run in which it was not exercised proves nothing, and fails.
pub trait Invariant: Send {
    /// Its name, such as `election safety`.
    fn name(&self) -> &'static str;

    /// The kinds of events that it subscribes to.
    fn interests(&self) -> Interests;

    /// Receives an event. Called under a lock: it must not call labrt or wait.
    ///
    /// # Errors
    ///
    /// The invariant is violated. The run ends with that.
    fn on(&mut self, event: &Event<'_>) -> Verdict;

    /// Whether it has observed its subject. Asked at the end of a run that has passed so far.
    fn exercised(&self) -> bool;

    /// The thing that it has to observe to be exercised, for the message if it never does: `a leader`.
    fn subject(&self) -> &'static str;
}

/// The verdict of an invariant on an event: no objection, or the violation.
pub type Verdict = Result<(), Violation>;

/// A violation of an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    message: String,
}

impl Violation {
    /// `message` says what was expected and what was seen, and of which server: `expected …; saw …`.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The expectation and the observation.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Violation {}

impl From<String> for Violation {
    fn from(message: String) -> Self {
        Self { message }
    }
}

//! [`Invariant`]: what must hold at every moment of every run, whatever the test.

use std::fmt;

use crate::event::{Event, Interests};

/// A property that holds at every moment of every run of a protocol, whatever the test.
///
/// It is told the events of its cluster that it is interested in, from the first start of a server to the end
/// of the test, across crashes, and learns nothing in any other way. It objects when the events that it has
/// been told cannot be those of a right solution. A run in which it saw nothing proves nothing, and fails.
pub trait Invariant: Send {
    /// Its name, such as `election safety`.
    fn name(&self) -> &'static str;

    /// The kinds of events that it is told.
    fn interests(&self) -> Interests;

    /// Takes note of an event. It must not call labrt, and is called under a lock: it decides at once.
    ///
    /// # Errors
    ///
    /// The invariant is broken. The run ends with that.
    fn on(&mut self, event: &Event<'_>) -> Verdict;

    /// Whether it has seen what it is there for. Asked at the end of a run that has passed so far.
    fn exercised(&self) -> bool;

    /// The thing that it has to observe to be exercised, for the message if it never does: `a leader`.
    fn subject(&self) -> &'static str;
}

/// The verdict of an invariant on an event: no objection, or the violation.
pub type Verdict = Result<(), Violation>;

/// An invariant is broken.
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

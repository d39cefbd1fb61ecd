//! [`Site`]: a place of the tester's source that can be switched off.

use std::fmt;

/// What can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A place that ends the run with a failure, or makes an invariant object, or warns.
    Assertion,
    /// A check that a test of the course makes by calling a checker: this call alone.
    Check,
    /// A way in which an invariant learns what happens: nothing gets in there.
    Entry,
    /// A place where an event is told to all invariants: nobody is told.
    Event,
    /// All ways into an invariant at once.
    Invariant,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Assertion => "assertion",
            Self::Check => "check",
            Self::Entry => "entry",
            Self::Event => "event",
            Self::Invariant => "invariant",
        })
    }
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub kind: Kind,
    /// The number in the instrumented source; a check that is told by where it stands has none.
    pub number: Option<u32>,
    /// From the top of the crate, such as `src/run.rs`.
    pub file: String,
    pub line: usize,
    pub function: String,
    /// The first words of the message, or what is called.
    pub what: String,
}

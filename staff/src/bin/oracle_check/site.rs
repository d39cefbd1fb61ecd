//! [`Site`]: a location in the tester's source that can be switched off.

use std::fmt;

/// The kind of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Code that ends the run with a failure, makes an invariant object, or warns.
    Assertion,
    /// One call of a checker in a test of the course.
    Check,
    /// A method through which an invariant receives events: switched off, nothing arrives.
    Entry,
    /// Code that emits an event to all invariants: switched off, nothing is emitted.
    Event,
    /// All entries of an invariant at once.
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

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub kind: Kind,
    /// The number in the instrumented source; `None` for a check that is identified by its location.
    pub number: Option<u32>,
    /// The path from the crate's root, such as `src/run.rs`.
    pub file: String,
    pub line: usize,
    pub function: String,
    /// The first words of the message, or the called function.
    pub what: String,
}

//! [`Failure`]: why a run failed, and where.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// A check of the tester did not hold.
    Assertion,
    /// A thread panicked.
    Panic,
    /// Threads wait for each other, or nothing can ever run again.
    Deadlock,
    /// Threads keep running without making progress.
    Livelock,
    /// The test took too long.
    Timeout,
    /// The process ended.
    Abort,
    /// A thread loops or blocks without calling labrt, so that no other thread can run.
    Blocked,
    /// Lab code made a call that cannot be simulated, such as `std::thread::spawn`.
    Foreign,
    /// The stack of a thread overflowed.
    Overflow,
    /// The run used too much memory.
    Memory,
    /// The run has too many threads.
    Threads,
    /// There is no verdict: the report on the run cannot be read.
    Unknown,
    /// Lab code reached a `todo!()` or an `unimplemented!()`.
    NotImplemented,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [FailureKind; 13] = [
        FailureKind::Assertion,
        FailureKind::Panic,
        FailureKind::Deadlock,
        FailureKind::Livelock,
        FailureKind::Timeout,
        FailureKind::Abort,
        FailureKind::Blocked,
        FailureKind::Foreign,
        FailureKind::Overflow,
        FailureKind::Memory,
        FailureKind::Threads,
        FailureKind::Unknown,
        FailureKind::NotImplemented,
    ];

    /// The kind's name in reports, such as `not_implemented`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Assertion => "assertion",
            FailureKind::Panic => "panic",
            FailureKind::Deadlock => "deadlock",
            FailureKind::Livelock => "livelock",
            FailureKind::Timeout => "timeout",
            FailureKind::Abort => "abort",
            FailureKind::Blocked => "blocked",
            FailureKind::Foreign => "foreign",
            FailureKind::Overflow => "overflow",
            FailureKind::Memory => "memory",
            FailureKind::Threads => "threads",
            FailureKind::Unknown => "unknown",
            FailureKind::NotImplemented => "not_implemented",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The error for a name that is no [`FailureKind`]'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no kind of failure `{}`", self.0)
    }
}
impl std::error::Error for UnknownKind {}

impl FromStr for FailureKind {
    type Err = UnknownKind;
    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = FailureKind::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// The first failure of a run, which is its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The expectation and the observation; may have several lines.
    pub message: String,
    /// The virtual time since the run began.
    pub at: Duration,
    /// The node on which it was detected, such as `server 2`.
    pub node: String,
    /// The thread that detected it.
    pub thread: String,
    /// `file:line:column` of the check, the panic or the wait; `None` if there is no such line.
    pub location: Option<String>,
    /// The backtrace of the thread, if known. Panics have one only in recorded runs and on real threads.
    pub backtrace: Option<String>,
    /// Whether the machine determined the moment of the failure, and not the seed: the same seed may fail at
    /// another moment, or not at all.
    pub from_outside: bool,
}

impl Failure {
    /// Whether the same seed fails at the same moment again.
    pub(crate) fn is_repeatable(&self) -> bool {
        !self.from_outside
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { kind, message, at, node, thread, location, .. } = self;
        write!(f, "{kind} at {:.6} s in thread `{thread}` of {node}", at.as_secs_f64())?;
        if let Some(location) = location {
            write!(f, " ({location})")?;
        }
        write!(f, ": {message}")
    }
}
impl std::error::Error for Failure {}

/// The details of a panic.
pub(crate) struct Panic {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) location: Option<String>,
    pub(crate) backtrace: Option<String>,
}

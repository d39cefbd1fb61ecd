//! What a failed run says.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// A check of the tester did not hold.
    Assertion,
    /// A thread panicked.
    Panic,
    /// Threads wait for each other, or nothing can ever run again.
    Deadlock,
    /// Threads run and run, and nothing happens.
    Livelock,
    /// The test took too long.
    Timeout,
    /// The process ended.
    Abort,
    /// A thread loops or waits in a way that lets no other one run.
    Blocked,
    /// Lab code called what a simulation cannot do, such as `std::thread::spawn`.
    Foreign,
    /// A thread's stack was too small for it.
    Overflow,
    /// The run used too much memory.
    Memory,
    /// There are too many threads.
    Threads,
    /// A checker could not reach a verdict.
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

/// The name of no [`FailureKind`].
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

/// The first thing that went wrong in a run: its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort of thing.
    pub kind: FailureKind,
    /// What was expected and what was seen; may have several lines.
    pub message: String,
    /// The virtual time since the run began.
    pub at: Duration,
    /// The node on which it was seen, such as `server 2`.
    pub node: String,
    /// The thread that saw it.
    pub thread: String,
    /// `file:line:column` of the check, the panic or the wait, where there is one.
    pub location: Option<String>,
    /// How the thread got there, where that is known: of a panic only while the run is recorded.
    pub backtrace: Option<String>,
    /// Whether the machine decided when it came, and not the seed: the same seed may fail at another moment.
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

/// What a panic tells about itself.
pub(crate) struct Panic {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) location: Option<String>,
    pub(crate) backtrace: Option<String>,
}

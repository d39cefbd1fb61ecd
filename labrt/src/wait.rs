//! Who waits, for what, and who can wake them: what both backends and the primitives say about waits.

use std::fmt;
use std::panic::Location;

/// A line of source code, for messages.
pub(crate) type SourceLocation = &'static Location<'static>;

/// Names a thread for ever: a slot of the table is used again, a serial number never.
///
/// The lower half of the serial number counts the threads of one node. Lab code sees this half alone: how
/// many threads other servers start is not its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadId {
    pub(crate) slot: u32,
    pub(crate) serial: u64,
}

impl ThreadId {
    /// Tells the thread from all others of its node; from 1.
    pub(crate) fn on_its_node(self) -> u64 {
        self.serial & u64::from(u32::MAX)
    }
}

/// Names one wait of one thread. Whoever wants to wake the thread from it holds the ticket; once
/// the wait is over the ticket is worthless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) slot: u32,
    pub(crate) number: u64,
}

/// Why a thread stopped waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Somebody woke it.
    Notified,
    /// Its time was up.
    TimedOut,
}

/// What a thread waits for; the place is the line of lab code that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    Sleep(SourceLocation),
    /// A sleep by `std::thread::sleep`, which does not say where.
    StdSleep,
    Lock(SourceLocation),
    Condvar(SourceLocation),
    Recv(SourceLocation),
    /// A message from a channel of the clock: of a timer that may be stopped, or that has fired.
    Timer(SourceLocation),
    Send(SourceLocation),
    Select(SourceLocation),
    Join(SourceLocation),
    /// Another thread that initialises a value.
    Once(SourceLocation),
    /// The end of all that a wait group counts.
    Group(SourceLocation),
    /// A call of `unpark`.
    Park(SourceLocation),
    /// The answer to a remote call.
    Reply,
    /// The end of a save that takes time.
    Save,
    /// The result of a call into this node.
    Call(u32),
    /// Until every thread of a node that is being killed is gone.
    Kill,
    /// Until the node's other threads all wait.
    Quiet,
    /// The run is over.
    Ended,
    /// Lab code caught the kill as often as it was thrown.
    CatchesKill,
    /// It is in a call of std's that would block every thread of the run.
    Blocked,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wait::Sleep(location) => write!(f, "sleeps at {location}"),
            Wait::StdSleep => f.write_str("sleeps by std::thread::sleep"),
            Wait::Lock(location) => write!(f, "waits for a lock at {location}"),
            Wait::Condvar(location) => write!(f, "waits on a condition variable at {location}"),
            Wait::Recv(location) => write!(f, "waits to receive at {location}"),
            Wait::Timer(location) => write!(f, "waits for a timer at {location}"),
            Wait::Send(location) => write!(f, "waits to send at {location}"),
            Wait::Select(location) => write!(f, "waits in a select at {location}"),
            Wait::Join(location) => write!(f, "waits for a thread to end at {location}"),
            Wait::Once(location) => write!(f, "waits for a value to be initialized at {location}"),
            Wait::Group(location) => write!(f, "waits for a wait group at {location}"),
            Wait::Park(location) => write!(f, "waits to be unparked at {location}"),
            Wait::Reply => f.write_str("waits for the reply to a remote call"),
            Wait::Save => f.write_str("waits for a save to end"),
            Wait::Call(_) => f.write_str("waits for a call into a server to return"),
            Wait::Kill => f.write_str("waits for a server to be killed"),
            Wait::Quiet => f.write_str("watches the server"),
            Wait::Ended => f.write_str("has ended the run"),
            Wait::CatchesKill => f.write_str("catches every panic and goes on"),
            Wait::Blocked => f.write_str("waits in a call that blocks every other thread"),
        }
    }
}

/// A thread that must do something before another one can go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocker {
    pub(crate) thread: ThreadId,
    pub(crate) by: BlockedBy,
}

/// How a thread keeps another one waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BlockedBy {
    /// It holds the lock, since this line.
    Holding(SourceLocation),
    /// It waits to write since this line, and new readers must wait behind it.
    WaitingToWrite(SourceLocation),
    /// It has not ended.
    Running,
    /// It initialises the value, since this line.
    Initializing(SourceLocation),
}

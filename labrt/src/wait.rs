//! Threads, tickets and waits: the vocabulary that both backends and the primitives share.

use std::fmt;
use std::panic::Location;

/// A line of source code, for messages.
pub(crate) type SourceLocation = &'static Location<'static>;

/// Identifies a thread. Slots of the thread table are reused, serial numbers are not.
///
/// The lower half of the serial number counts the threads of one node. Lab code sees only this half, so that
/// it cannot learn how many threads other servers have started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadId {
    pub(crate) slot: u32,
    pub(crate) serial: u64,
}

impl ThreadId {
    /// The number of the thread among those of its node, from 1.
    pub(crate) fn on_its_node(self) -> u64 {
        self.serial & u64::from(u32::MAX)
    }
}

/// Identifies one wait of one thread. It is held by whoever is to wake the thread, and has no effect after
/// the wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) slot: u32,
    pub(crate) number: u64,
}

/// The reason for which a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The thread was woken.
    Notified,
    /// The deadline passed.
    TimedOut,
}

/// The kind of a wait. The location is the line of lab code that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    Sleep(SourceLocation),
    /// A call of `std::thread::sleep`, whose location is not known.
    StdSleep,
    Lock(SourceLocation),
    Condvar(SourceLocation),
    Recv(SourceLocation),
    /// A message from the channel of a timer, which may be stopped or have fired already.
    Timer(SourceLocation),
    Send(SourceLocation),
    Select(SourceLocation),
    Join(SourceLocation),
    /// Another thread's initialization of a value.
    Once(SourceLocation),
    /// A wait group's count of 0.
    Group(SourceLocation),
    /// A call of `unpark`.
    Park(SourceLocation),
    /// The reply to a remote call.
    Reply,
    /// The end of a slow save.
    Save,
    /// The result of a call into this node.
    Call(u32),
    /// The end of all threads of a node that is being killed.
    Kill,
    /// The moment when all other threads of the node wait.
    Quiet,
    /// The end of the run, after it has failed.
    Ended,
    /// Nothing: lab code has caught the kill each time it was thrown, and the thread is suspended.
    CatchesKill,
    /// Nothing: the thread made a call of std that would block the whole run, and is suspended.
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
            Wait::CatchesKill => f.write_str("catches every panic and continues"),
            Wait::Blocked => f.write_str("waits in a call that blocks every other thread"),
        }
    }
}

/// A thread that keeps another one waiting.
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
    /// It waits to write since this line, and new readers queue behind it.
    WaitingToWrite(SourceLocation),
    /// It has not ended.
    Running,
    /// It has been initializing the value since this line.
    Initializing(SourceLocation),
}

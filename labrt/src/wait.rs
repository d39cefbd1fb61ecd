//! Who waits, for what, and who can wake them: what both backends and the primitives say about waits.

use std::fmt;
use std::panic::Location;

/// A place in source code, for messages.
pub(crate) type Place = &'static Location<'static>;

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
    Sleep(Place),
    /// A sleep by `std::thread::sleep`, which does not say where.
    StdSleep,
    Lock(Place),
    Condvar(Place),
    Recv(Place),
    /// A message from a channel of the clock: of a timer that may be stopped, or that has fired.
    Timer(Place),
    Send(Place),
    Select(Place),
    Join(Place),
    /// Another thread that initialises a value.
    Once(Place),
    /// The end of all that a wait group counts.
    Group(Place),
    /// A call of `unpark`.
    Park(Place),
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
    Swallowed,
    /// It is in a call of std's that would block every thread of the run.
    Blocked,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wait::Sleep(place) => write!(f, "sleeps at {place}"),
            Wait::StdSleep => f.write_str("sleeps by std::thread::sleep"),
            Wait::Lock(place) => write!(f, "waits for a lock at {place}"),
            Wait::Condvar(place) => write!(f, "waits on a condition variable at {place}"),
            Wait::Recv(place) => write!(f, "waits to receive at {place}"),
            Wait::Timer(place) => write!(f, "waits for a timer at {place}"),
            Wait::Send(place) => write!(f, "waits to send at {place}"),
            Wait::Select(place) => write!(f, "waits in a select at {place}"),
            Wait::Join(place) => write!(f, "waits for a thread to end at {place}"),
            Wait::Once(place) => write!(f, "waits for a value to be initialized at {place}"),
            Wait::Group(place) => write!(f, "waits for a wait group at {place}"),
            Wait::Park(place) => write!(f, "waits to be unparked at {place}"),
            Wait::Reply => f.write_str("waits for the reply to a remote call"),
            Wait::Save => f.write_str("waits for a save to end"),
            Wait::Call(_) => f.write_str("waits for a call into a server to return"),
            Wait::Kill => f.write_str("waits for a server to be killed"),
            Wait::Quiet => f.write_str("watches the server"),
            Wait::Ended => f.write_str("has ended the run"),
            Wait::Swallowed => f.write_str("catches every panic and goes on"),
            Wait::Blocked => f.write_str("waits in a call that blocks every other thread"),
        }
    }
}

/// A thread that must do something before another one can go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocker {
    pub(crate) thread: ThreadId,
    pub(crate) by: By,
}

/// How a thread keeps another one waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    /// It holds the lock, since this line.
    Holding(Place),
    /// It waits to write since this line, and new readers must wait behind it.
    WaitingToWrite(Place),
    /// It has not ended.
    Running,
    /// It initialises the value, since this line.
    Initializing(Place),
}

//! [`Event`]: an event of a run, as invariants and recordings receive it.
//!
//! A run is one stream of events, in an order in which a cause precedes its effect. It is the only source of
//! what tests and invariants know of a solution. Events of one protocol alone are [`ProtocolEvent`]s, so that
//! a new protocol adds its own kinds without a change here.

pub mod compact;
mod contents;
mod interests;
mod json;
pub mod line;
mod operation;
mod party;
mod recording;
mod stream;
pub mod transcript;
mod trap;

use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use labgob::Value;
use labgob::fragments::Piece;
use labrpc::Step;
use persister::SaveStep;

use crate::causality::{Causality, LogicalTime};
pub use interests::Interests;
pub(crate) use json::position;
pub use operation::{RecordedInput, RecordedOutput};
pub(crate) use party::own_name;
pub use party::{Group, Incarnation, Party};
pub use recording::{Began, Recorded, RecordedKind, RecordedSave, Recording, SavedContent};
pub(crate) use stream::{Conclusion, EventStream};
pub use stream::{Detail, EventSource};

/// A position in the stream of events, as seen from a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamPosition {
    /// The number of the last event before it.
    pub number: u64,
    /// The server's logical time.
    pub moment: LogicalTime,
}

/// An event of a run.
///
/// It is borrowed: a subscriber copies what it keeps.
pub struct Event<'a> {
    /// Its position in the stream, from 1. Events that nobody subscribes to are not built and have no number.
    pub number: u64,
    /// Virtual time since the start of the run.
    pub at: Duration,
    /// The number of the event that caused it. For an action of a thread, that is the thread's last action,
    /// the delivery of the request that it handles, or the delivery of the reply that it waited for; for the
    /// delivery or loss of a message, its sending. 0 if there is none, or if the run is [bare](Detail::Bare).
    pub cause: u64,
    /// The cluster that it concerns; `None`: all.
    pub group: Option<Group>,
    /// The party at which it happens.
    pub party: Party,
    /// The kind of event, with its details.
    pub kind: Kind<'a>,
    pub(crate) causality: &'a Causality,
    /// The logical time, if it is not the present one.
    pub(crate) moment: Option<LogicalTime>,
}

/// The kind of an event.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// A server starts an incarnation from its storage. The solution has not run in it so far.
    Started,
    /// A server is disconnected and its storage kept as it is, because it crashes or is told to stop. Its
    /// threads may still do something: what they save from now on is lost, and what they answer reaches
    /// nobody.
    CutOff,
    /// A server crashes: all of its threads have ended.
    Crashed {
        /// Whether its threads may have been interrupted in the middle of an operation.
        mid_operation: bool,
    },
    /// A server is told to stop, and disconnected. Its threads run until they end by themselves.
    Halted,
    /// A server joins the cluster during a test.
    Joined,
    /// A server leaves the cluster for good.
    Left,
    /// A server is paused.
    Paused,
    /// A paused server is resumed.
    Resumed,
    /// A server's clock gets another rate, in parts per million of the run's.
    ClockRate(u32),
    /// The server and `peer` can reach each other from now on, both ways.
    LinkMended {
        /// The other server's number in the same group.
        peer: usize,
    },
    /// The server and `peer` cannot reach each other any more.
    LinkCut {
        /// The other server's number in the same group.
        peer: usize,
    },
    /// The link from the server to `peer` is cut or opened in this direction alone.
    WayCut {
        /// The other server's number in the same group.
        peer: usize,
        /// Whether it is cut.
        cut: bool,
    },
    /// The network's faults change; the text says to what.
    Faults(&'a str),
    /// A step of a message of the party: of its request, or of the reply to it.
    Message(&'a Message<'a>),
    /// A server saves something.
    Saved(&'a Save<'a>),
    /// The test is about to hand a request to the server.
    Submitted {
        /// The request.
        request: &'a [u8],
    },
    /// A service on the server executes a request that was handed to some server.
    Executed {
        /// The request.
        request: &'a [u8],
        /// Its name in messages.
        name: &'a dyn fmt::Display,
    },
    /// A client's clerk is about to be called.
    OperationBegan {
        /// The operation, such as `Get(x)`.
        operation: &'a dyn fmt::Display,
        /// The operation as a value of the service's type of requests, for analyses that know this type.
        input: &'a dyn Any,
    },
    /// A client's clerk has returned.
    OperationEnded {
        /// The operation's name: `get`, `put`.
        what: &'a str,
        /// Whether something has certainly changed: a put is done.
        done: bool,
        /// The answer.
        answer: &'a dyn fmt::Display,
        /// The answer as a value of the service's type of answers.
        output: &'a dyn Any,
    },
    /// An event of one protocol.
    Protocol(&'a dyn ProtocolEvent),
    /// An invariant is violated.
    Violation(&'a str),
}

/// A step of a call from one party to another.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The number of the call, unique in the run.
    pub call: u64,
    /// The step of its request or its reply.
    pub step: Step,
    /// The caller.
    pub from: Party,
    /// The server that is called.
    pub to: Incarnation,
    /// The method called, as `Service.method`.
    pub method: &'a str,
    /// Encoded bytes of the arguments or the reply; 0 if the step is of neither.
    pub bytes: usize,
    /// The arguments or the reply, with the names of their fields. `None` in a [bare](Detail::Bare) run.
    pub content: Option<&'a Value>,
    /// The line of the solution that calls, or the one that names the handler.
    pub location: Option<&'static Location<'static>>,
}

/// A step of a save.
#[derive(Clone, Copy)]
pub struct Save<'a> {
    /// The step.
    pub step: SaveStep,
    /// The records saved.
    pub records: &'a [SavedRecord<'a>],
    /// The line of the solution that saves.
    pub location: &'static Location<'static>,
}

/// A record that is saved.
pub struct SavedRecord<'a> {
    /// Its name.
    pub name: &'a str,
    /// The content saved under that name.
    pub bytes: &'a [u8],
    /// The pieces that the solution made the bytes of: values that it has encoded, and bytes of unknown
    /// origin. `None` in a [bare](Detail::Bare) run.
    pub content: Option<&'a [Piece]>,
}

/// An event of one protocol: an observation that its tests make of a server.
///
/// An invariant gets it by its type, see [`Event::protocol`].
pub trait ProtocolEvent: Any + Send + Sync {
    /// Its name in a recording, such as `applied`.
    fn name(&self) -> &'static str;

    /// The set that it belongs to: [`Interests::STATES`] or [`Interests::AGREEMENT`].
    fn class(&self) -> Interests;

    /// Its content, with field names. Called when the event is recorded, under a lock: it must not emit
    /// another event.
    fn value(&self) -> Value;
}

impl<'a> Event<'a> {
    /// The event of a protocol, if it is of that type.
    #[must_use]
    pub fn protocol<E: ProtocolEvent>(&self) -> Option<&'a E> {
        match self.kind {
            Kind::Protocol(event) => (event as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// The server at which it happens, if it happens at one.
    #[must_use]
    pub fn server(&self) -> Option<Incarnation> {
        match self.party {
            Party::Server(who) => Some(who),
            Party::Client(_) | Party::Tester => None,
        }
    }

    /// Whether it concerns a cluster. A message concerns the clusters of both its ends.
    #[must_use]
    pub fn concerns(&self, group: Group) -> bool {
        match (self.group, self.kind) {
            (None, _) => true,
            (_, Kind::Message(Message { from: Party::Server(from), .. })) if from.group == group => true,
            (Some(of), _) => of == group,
        }
    }

    /// The happened-before relation at this event.
    #[must_use]
    pub fn causality(&self) -> &'a Causality {
        self.causality
    }

    /// The logical time of the server at which it happens, if it happens at one. Messages that are sent there
    /// later causally follow it.
    #[must_use]
    pub fn moment(&self) -> LogicalTime {
        let now = || self.server().map(|who| self.causality.now(who));
        self.moment.or_else(now).unwrap_or_default()
    }
}

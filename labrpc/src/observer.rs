//! [`Observer`]: who is told what becomes of each message.

use std::panic::Location;

use labgob::Value;

/// Something that happens to a message of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The call's number, which no other one of the network has. Calls are counted from 1, in the order in
    /// which they are made.
    pub call: u64,
    /// What happens.
    pub step: Step,
    /// The method that is called, such as `Raft.request_vote`.
    pub method: &'a str,
    /// The length of the message in bytes: of the arguments, or of the reply. 0 if there is no message, as
    /// when a handler is killed.
    pub bytes: usize,
    /// What the message says. In a run that is [captured](labgob::capture) it comes with each step that sends
    /// or delivers a message; otherwise there is none.
    pub content: Option<&'a Value>,
    /// A line of lab code. With [`Step::RequestSent`], the one that makes the call; with
    /// [`Step::RequestDelivered`] and [`Step::ReplySent`], the one that names the handler.
    pub location: Option<&'static Location<'static>>,
}

/// What happens to a message.
///
/// A request is sent before it is delivered, and a reply too. Each of the two is delivered or lost in the
/// end, unless the run ends before. A request that is duplicated is delivered or lost twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A call is made.
    RequestSent {
        /// The [number](crate::ClientEnd::number) of the end point, which says from whom and to whom.
        end: u32,
    },
    /// The request will be delivered a second time, later.
    RequestDuplicated,
    /// The handler is about to run.
    RequestDelivered,
    /// The request does not arrive: nobody is there, or it is lost.
    RequestLost,
    /// The handler has returned.
    ReplySent,
    /// The caller is about to go on with the reply.
    ReplyDelivered,
    /// The caller gets no reply to a request that was delivered.
    ReplyLost,
    /// The handler has returned when nobody waits any more: the call was given up, or another copy of the
    /// request was answered.
    ReplyLate {
        /// The number of the end point, as of [`RequestSent`](Self::RequestSent).
        end: u32,
    },
}

impl Event<'_> {
    /// A step of a call of which nothing else is known.
    #[must_use]
    pub fn new(call: u64, step: Step) -> Self {
        Self { call, step, method: "", bytes: 0, content: None, location: None }
    }
}

/// Learns of every message of a network, in an order in which a cause comes before its effect.
///
/// It is told on any thread, and outside all of them, so it must not call labrt's scheduling points. It
/// changes nothing of the run.
pub trait Observer: Send + Sync {
    /// `event` happens now. Answers the number by which the observer knows it, and 0 if it does not.
    ///
    /// The number of a [`Step::RequestDelivered`] becomes the trace context of the handler's thread, and that
    /// of a [`Step::ReplyDelivered`] the one of the thread that made the call.
    fn on(&self, event: &Event<'_>) -> u64;
}

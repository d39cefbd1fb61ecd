//! [`Observer`]: gets the events of every message.

use std::panic::Location;

use labgob::Value;

/// A step of a message of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The number of the call, unique in the network. Calls are counted from 1, in the order in which they
    /// are made.
    pub call: u64,
    /// The step.
    pub step: Step,
    /// The method that is called, such as `Raft.request_vote`.
    pub method: &'a str,
    /// The length in bytes of the arguments or the reply. 0 if there is no message, as when a handler is
    /// killed.
    pub bytes: usize,
    /// The arguments or the reply as a value, with each step that sends or delivers a message. Only in a run
    /// that is [captured](labgob::capture).
    pub content: Option<&'a Value>,
    /// A line of lab code. With [`Step::RequestSent`] it is the line that makes the call, with
    /// [`Step::RequestDelivered`] and [`Step::ReplySent`] the line of the handler.
    pub location: Option<&'static Location<'static>>,
}

/// The steps of a message.
///
/// A request or reply is sent before it is delivered. It is delivered or lost in the end, unless the run ends
/// before. A duplicated request is delivered or lost twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A call is made.
    RequestSent {
        /// The [number](crate::ClientEnd::number) of the end point, which identifies caller and server.
        end: u32,
    },
    /// The request will be delivered a second time, later.
    RequestDuplicated,
    /// The handler is about to run.
    RequestDelivered,
    /// The request does not arrive: the server is unreachable, or the request is lost.
    RequestLost,
    /// The handler has returned.
    ReplySent,
    /// The caller gets the reply.
    ReplyDelivered,
    /// The caller gets no reply to a request that was delivered.
    ReplyLost,
    /// The handler has returned after the end of the call: the call has failed, or the duplicate of the
    /// request was answered.
    ReplyLate {
        /// The number of the end point, as with [`RequestSent`](Self::RequestSent).
        end: u32,
    },
}

impl Event<'_> {
    /// An event with the call and the step alone.
    #[must_use]
    pub fn new(call: u64, step: Step) -> Self {
        Self { call, step, method: "", bytes: 0, content: None, location: None }
    }
}

/// An observer of every message of a network. A cause is reported before its effect.
///
/// It is called on any thread and outside all threads, so it must not call labrt's scheduling points. It does
/// not change the run.
pub trait Observer: Send + Sync {
    /// Called when `event` happens. Returns a number that identifies the event for the observer, or 0 for
    /// none.
    ///
    /// The number of a [`Step::RequestDelivered`] becomes the trace context of the handler's thread, and that
    /// of a [`Step::ReplyDelivered`] the trace context of the thread that made the call.
    fn on(&self, event: &Event<'_>) -> u64;
}

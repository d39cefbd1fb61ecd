//! [`Observer`]: who is told what becomes of each message.

/// Something that happens to a message of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The call's number, which no other one of the network has. Calls are counted from 1, in the order in
    /// which they are made.
    pub call: u64,
    /// What happens.
    pub step: Step,
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
}

/// Learns of every message of a network, in an order in which a cause comes before its effect.
///
/// It is told on any thread, and outside all of them, so it must not call labrt. It changes nothing of the
/// run.
pub trait Observer: Send + Sync {
    /// `event` happens now.
    fn on(&self, event: &Event);
}

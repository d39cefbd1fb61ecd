//! [`slot`]: hands one value to one thread that waits for it.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::context::{self, Context};
use crate::wait::{Ticket, Wait};

/// What the two ends share.
struct Slot<T> {
    value: Option<T>,
    /// The filler is gone: no value will come any more.
    closed: bool,
    waiting: Option<Ticket>,
}

/// The end that gives the value.
pub struct Filler<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

/// The end that waits for the value.
pub struct Waiter<T> {
    slot: Arc<Mutex<Slot<T>>>,
}

/// A slot for one value. Filling it is no scheduling point and may be done in an event.
#[must_use]
pub fn slot<T: Send>() -> (Filler<T>, Waiter<T>) {
    let slot = Arc::new(Mutex::new(Slot { value: None, closed: false, waiting: None }));
    (Filler { slot: slot.clone() }, Waiter { slot })
}

impl<T> Filler<T> {
    /// Gives the value and wakes the waiter.
    pub fn fill(self, value: T) {
        self.slot.lock().value = Some(value);
    }
}

impl<T> Drop for Filler<T> {
    fn drop(&mut self) {
        let waiting = {
            let mut slot = self.slot.lock();
            slot.closed = true;
            slot.waiting.take()
        };
        if let Some(ticket) = waiting {
            // Outside the run nobody waits any more.
            let _ = context::try_with(|context| context.unpark(ticket));
        }
    }
}

impl<T> Waiter<T> {
    /// Waits for the value; `None` if the filler was dropped without one, or if the calling thread is
    /// being killed and this is one of its destructors.
    #[must_use]
    pub fn wait(self) -> Option<T> {
        self.wait_for(Wait::Reply)
    }

    /// As [`wait`](Self::wait), for a save to end: lab code may hold a lock meanwhile, and nobody is warned
    /// of that.
    #[must_use]
    pub fn wait_saved(self) -> Option<T> {
        self.wait_for(Wait::Save)
    }

    pub(super) fn wait_for(self, wait: Wait) -> Option<T> {
        context::with(|context| {
            let ticket = {
                let mut slot = self.slot.lock();
                if slot.closed {
                    return slot.value.take();
                }
                let ticket = context.ticket();
                slot.waiting = Some(ticket);
                ticket
            };
            match wait {
                Wait::Call(node) => {
                    let _call = Call::begin(context, node, ticket);
                    context.park(ticket, wait, None);
                }
                // Apart from the other, so that nothing is to be cleaned up when a caller is killed: they
                // often are.
                _ => {
                    context.park(ticket, wait, None);
                }
            }
            self.slot.lock().value.take()
        })
    }
}

/// A call into a node, while its caller waits.
struct Call<'a> {
    context: Context<'a>,
    node: u32,
    ticket: Ticket,
}

impl<'a> Call<'a> {
    fn begin(context: Context<'a>, node: u32, ticket: Ticket) -> Self {
        context.await_call(node, ticket);
        Self { context, node, ticket }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.context.forget_call(self.node, self.ticket);
    }
}

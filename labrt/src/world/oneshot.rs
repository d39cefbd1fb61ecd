//! A oneshot channel of the harness: it hands one value to one waiting thread.
//!
//! An event can send, which makes this the way for an event to resume a thread: a remote call waits for its
//! reply like this, and a slow save for its end. Lab code uses [`channel`](crate::channel).

use std::sync::Arc;

use parking_lot::Mutex;

use crate::context::{self, Context};
use crate::wait::{Ticket, Wait};

/// The state that the two ends share.
struct Shared<T> {
    value: Option<T>,
    /// The sender is gone: no value will come any more.
    closed: bool,
    /// The wait of the receiving thread.
    waiting: Option<Ticket>,
}

/// The sending end.
pub struct Sender<T> {
    shared: Arc<Mutex<Shared<T>>>,
}

/// The receiving end.
pub struct Receiver<T> {
    shared: Arc<Mutex<Shared<T>>>,
}

/// A channel for one value. Sending is no scheduling point and may be done in an event.
#[must_use]
pub fn channel<T: Send>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Mutex::new(Shared { value: None, closed: false, waiting: None }));
    (Sender { shared: shared.clone() }, Receiver { shared })
}

impl<T> Sender<T> {
    /// Sends the value and wakes the receiving thread. A value that nobody receives is dropped.
    pub fn send(self, value: T) {
        self.shared.lock().value = Some(value);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waiting = {
            let mut shared = self.shared.lock();
            shared.closed = true;
            shared.waiting.take()
        };
        if let Some(ticket) = waiting {
            // Outside the run no thread waits any more.
            let _ = context::try_with(|context| context.unpark(ticket));
        }
    }
}

impl<T> Receiver<T> {
    /// Waits for the value. Returns `None` if the sender was dropped without one, or if the calling thread is
    /// being killed and this is called from one of its destructors.
    #[must_use]
    pub fn recv(self) -> Option<T> {
        self.recv_in(Wait::Reply)
    }

    /// As [`recv`](Self::recv), for the end of a save: lab code may hold a lock during this wait without a
    /// warning.
    #[must_use]
    pub fn recv_saved(self) -> Option<T> {
        self.recv_in(Wait::Save)
    }

    /// Waits for the value in a wait of this kind, which failure messages name.
    pub(super) fn recv_in(self, wait: Wait) -> Option<T> {
        context::with(|context| {
            let ticket = {
                let mut shared = self.shared.lock();
                if shared.closed {
                    return shared.value.take();
                }
                let ticket = context.ticket();
                shared.waiting = Some(ticket);
                ticket
            };
            match wait {
                Wait::Call(node) => {
                    let _call = Call::begin(context, node, ticket);
                    context.park(ticket, wait, None);
                }
                // A separate branch without a guard: callers are killed often, and a guard would make
                // unwinding slower.
                _ => {
                    context.park(ticket, wait, None);
                }
            }
            self.shared.lock().value.take()
        })
    }
}

/// A call into a node, registered while its caller waits.
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

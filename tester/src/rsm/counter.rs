//! [`Counter`]: the service that the tests replicate, and what all its replicas must agree on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::StateMachine;
use labrt::world::{FailureKind, World};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::words::Lived;

/// What can be asked of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Request {
    /// To count one up; the answer is the count.
    Inc,
    /// Nothing; the answer is empty.
    Null,
    /// What must never be committed.
    Dec,
}

impl Request {
    pub fn encode(self) -> Vec<u8> {
        labgob::encode(&self).expect("a request can always be encoded")
    }
}

/// What replicas have done, first of all in which order.
#[derive(Default)]
pub(super) struct Order {
    done: Mutex<Vec<Request>>,
}

/// A replica's state.
pub(super) struct Counter {
    who: Lived,
    world: World,
    /// What all replicas agree on.
    order: Arc<Order>,
    /// What this one has done.
    done: u64,
    count: u64,
    /// The count, for the test to see.
    shown: Arc<AtomicU64>,
}

impl Counter {
    pub fn new(who: Lived, world: &World, order: &Arc<Order>, shown: &Arc<AtomicU64>) -> Self {
        Self {
            who,
            world: world.clone(),
            order: Arc::clone(order),
            done: 0,
            count: 0,
            shown: Arc::clone(shown),
        }
    }

    #[track_caller]
    fn fail(&self, message: String) -> ! {
        self.world.fail(FailureKind::Assertion, message)
    }

    /// Whatever a replica does as its `n`th request, all others must do as their `n`th.
    #[track_caller]
    fn agree(&mut self, request: Request) {
        let place = self.done as usize;
        self.done += 1;
        let first = {
            let mut order = self.order.done.lock();
            if place == order.len() {
                order.push(request);
            }
            order.get(place).copied()
        };
        if first != Some(request) {
            let (who, done) = (self.who, self.done);
            self.fail(match first {
                Some(first) => format!(
                    "expected all replicas to do the same requests in the same order; saw {who} do {request:?} as number \
                     {done}, where another replica did {first:?}"
                ),
                None => format!(
                    "expected no replica to be restored to a state that none had reached; saw {who} do number {done}"
                ),
            });
        }
    }
}

impl StateMachine for Counter {
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        let Ok(request) = labgob::decode::<Request>(request) else {
            let (who, bytes) = (self.who, request.len());
            self.fail(format!(
                "expected {who} to be asked what was submitted; saw it asked {bytes} bytes that are no request"
            ));
        };
        self.agree(request);
        self.world.note("tester", || format!("{}: {request:?}, number {}", self.who, self.done));
        match request {
            Request::Inc => {
                self.count += 1;
                self.shown.store(self.count, Ordering::Release);
                labgob::encode(&self.count).expect("a number can always be encoded")
            }
            Request::Null => Vec::new(),
            Request::Dec => self.fail(format!(
                "expected nothing to be committed that was submitted to a leader in a minority; saw {} do a Dec",
                self.who
            )),
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        labgob::encode(&(self.done, self.count)).expect("numbers can always be encoded")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        let Ok((done, count)) = labgob::decode::<(u64, u64)>(snapshot) else {
            let (who, bytes) = (self.who, snapshot.len());
            self.fail(format!(
                "expected {who} to be restored from a snapshot that was taken; saw {bytes} bytes that are none"
            ));
        };
        if done < self.done {
            let (who, had) = (self.who, self.done);
            self.fail(format!(
                "expected a replica never to be moved back; saw {who} restored to {done} requests when it had done {had}"
            ));
        }
        self.world.note("tester", || format!("{}: restored to {done} requests", self.who));
        (self.done, self.count) = (done, count);
        self.shown.store(count, Ordering::Release);
    }
}

//! [`Counter`]: the service that the tests replicate, and the order on which its replicas must agree.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::StateMachine;
use labrt::world::{FailureKind, World};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::event::RsmEvent;
use crate::event::{EventSource, Incarnation};
use crate::protocol::NodeEnv;

/// A request to a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Increments the counter; the answer is the count.
    Inc,
    /// Does nothing; the answer is empty.
    Null,
    /// A request that must never be committed.
    Dec,
}

/// A request as it is submitted, with a unique number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    pub number: u64,
    pub request: Request,
}

/// Padding of each request. Without it a hundred entries would stay below the size at which `snapshot_4c`
/// expects a snapshot to have replaced them; in Go, where each message names its types, they do not.
const PADDING: [u8; 24] = [0; 24];

impl Submitted {
    pub fn encode(self) -> Vec<u8> {
        labgob::encode(&(self, PADDING)).expect("a request can always be encoded")
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (submitted, padding) = labgob::decode::<(Self, [u8; PADDING.len()])>(bytes).ok()?;
        (padding == PADDING).then_some(submitted)
    }
}

impl fmt::Display for Submitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (submit {})", self.request, self.number)
    }
}

/// The requests that replicas have executed, in order, with their results.
#[derive(Default)]
pub(super) struct ExecutionOrder {
    done: Mutex<Vec<Executed>>,
}

/// A request that some replica has executed.
#[derive(Clone, Copy)]
struct Executed {
    what: Submitted,
    /// The count after it.
    count: u64,
}

impl ExecutionOrder {
    /// Checks that `who` may execute a request after `before` others: the `n`th request must be the same on
    /// all replicas. Returns the count after it.
    fn agree(&self, who: Incarnation, before: usize, what: Submitted) -> Result<u64, String> {
        let mut order = self.done.lock();
        if let Some(&Executed { what: first, count }) = order.get(before) {
            if first != what {
                return Err(format!(
                    "expected all replicas to do the same requests in the same order; saw {who} do {what} \
                     as number {}, where \
                     another replica did {first}",
                    before + 1
                ));
            }
            return Ok(count);
        }
        if let Some(earlier) = order.iter().position(|done| done.what == what) {
            return Err(format!(
                "expected a request that is submitted once to be done once; saw {who} do {what} as number \
                 {}, which was done as \
                 number {}",
                before + 1,
                earlier + 1
            ));
        }
        let count = order.last().map_or(0, |last| last.count) + u64::from(what.request == Request::Inc);
        order.push(Executed { what, count });
        Ok(count)
    }

    /// The count after `done` requests; `None` if no replica has executed so many.
    fn count_after(&self, done: u64) -> Option<u64> {
        let Some(last) = usize::try_from(done).ok()?.checked_sub(1) else { return Some(0) };
        self.done.lock().get(last).map(|done| done.count)
    }

    /// The service's answer to the request of this number; `None` if no replica has executed it.
    pub fn answer_to(&self, number: u64) -> Option<Vec<u8>> {
        let order = self.done.lock();
        order.iter().rev().find(|done| done.what.number == number).map(Executed::answer)
    }
}

impl Executed {
    fn answer(&self) -> Vec<u8> {
        match self.what.request {
            Request::Inc => labgob::encode(&self.count).expect("a number can always be encoded"),
            Request::Null | Request::Dec => Vec::new(),
        }
    }
}

/// A replica's state.
pub(super) struct Counter {
    world: World,
    events: EventSource,
    /// The order on which all replicas agree.
    order: Arc<ExecutionOrder>,
    /// The number of requests that this replica has executed.
    done: u64,
    count: u64,
    /// The count, for the test to see.
    shown: Arc<AtomicU64>,
}

impl Counter {
    pub fn new(env: &NodeEnv<'_>, order: &Arc<ExecutionOrder>, shown: &Arc<AtomicU64>) -> Self {
        Self {
            world: env.world.clone(),
            events: env.events(),
            order: Arc::clone(order),
            done: 0,
            count: 0,
            shown: Arc::clone(shown),
        }
    }

    fn who(&self) -> Incarnation {
        self.events.who()
    }

    #[track_caller]
    fn fail(&self, message: String) -> ! {
        self.world.fail(FailureKind::Assertion, message)
    }
}

impl StateMachine for Counter {
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        let Some(what) = Submitted::decode(request) else {
            let (who, bytes) = (self.who(), request.len());
            self.fail(format!(
                "expected {who} to be asked what was submitted; saw it asked {bytes} bytes that are no \
                 request"
            ));
        };
        if what.request == Request::Dec {
            self.events.emit(&RsmEvent::Executes { position: self.done + 1, what });
            self.fail(format!(
                "expected nothing to be done that was submitted to a leader in a minority; saw {} do {what}",
                self.who()
            ));
        }
        self.events.emit(&RsmEvent::Executes { position: self.done + 1, what });
        self.count = match self.order.agree(self.who(), self.done as usize, what) {
            Ok(count) => count,
            Err(objection) => self.fail(objection),
        };
        self.events.executed(request, &what);
        self.done += 1;
        self.world.note("tester", || format!("{}: {what}, number {}", self.who(), self.done));
        self.shown.store(self.count, Ordering::Release);
        Executed { what, count: self.count }.answer()
    }

    fn snapshot(&self) -> Vec<u8> {
        labgob::encode(&(self.done, self.count)).expect("numbers can always be encoded")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        let Ok((done, count)) = labgob::decode::<(u64, u64)>(snapshot) else {
            let (who, bytes) = (self.who(), snapshot.len());
            self.fail(format!(
                "expected {who} to be restored from a snapshot that was taken; saw {bytes} bytes that are \
                 not a snapshot"
            ));
        };
        if done < self.done {
            let (who, had) = (self.who(), self.done);
            self.fail(format!(
                "expected a replica never to be moved back; saw {who} restored to {done} requests when it \
                 had done {had}"
            ));
        }
        let (who, right) = (self.who(), self.order.count_after(done));
        if right != Some(count) {
            self.fail(format!(
                "expected {who} to be restored to a state that a replica had; saw it restored to a count of \
                 {count} after {done} \
                 requests, {}",
                match right {
                    Some(right) => format!("which make {right}"),
                    None => "which no replica has done".into(),
                }
            ));
        }
        self.world.note("tester", || format!("{who}: restored to {done} requests"));
        (self.done, self.count) = (done, count);
        self.shown.store(count, Ordering::Release);
    }
}

//! [`Outcomes`]: what becomes of the writes that a server has taken.

use std::collections::BTreeMap;
use std::time::Duration;

use labrt::sync::{Condvar, Mutex};
use labrt::time::Instant;
use tester::EventSource;

use crate::observation::Observation;
use crate::replica::Write;

/// The outcomes of the writes of one server in one incarnation. The adapter tells it, the client waits for
/// it, and the recorder learns of it.
pub struct Outcomes {
    events: EventSource,
    settled: Mutex<BTreeMap<Write, Outcome>>,
    changed: Condvar,
}

/// The outcome of a write, if it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has told its client that the write is done.
    Acknowledged,
    /// The server has told its client that the write is not done and never will be.
    Failed,
}

impl Outcomes {
    /// No outcomes so far.
    #[must_use]
    pub fn new(events: EventSource) -> Self {
        Self { events, settled: Mutex::default(), changed: Condvar::new() }
    }

    /// The server tells its client that the write is done.
    pub fn acknowledge(&self, write: Write) {
        self.settle(write, Outcome::Acknowledged);
    }

    /// The server tells its client that the write is not done and never will be.
    pub fn fail(&self, write: Write) {
        self.settle(write, Outcome::Failed);
    }

    /// The first outcome counts.
    fn settle(&self, write: Write, outcome: Outcome) {
        let mut settled = self.settled.lock();
        if settled.contains_key(&write) {
            return;
        }
        settled.insert(write, outcome);
        self.events.emit(&match outcome {
            Outcome::Acknowledged => Observation::Acknowledged(write),
            Outcome::Failed => Observation::Failed(write),
        });
        self.changed.notify_all();
    }

    /// Waits for the outcome of a write, for `patience` at most.
    pub fn wait(&self, write: Write, patience: Duration) -> Option<Outcome> {
        let until = Instant::now() + patience;
        let mut settled = self.settled.lock();
        while !settled.contains_key(&write) && Instant::now() < until {
            self.changed.wait_until(&mut settled, until);
        }
        settled.get(&write).copied()
    }
}

//! The keys and values on one server (part 4B; snapshots: 4C). The rules for versions are those of lab 2.

use labapi::StateMachine;
use serde::{Deserialize, Serialize};

/// A clerk's request. It goes through the log as bytes: `labgob::encode`, `labgob::decode`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    // Your data here (4B). A get goes through the log like a put: a server that answers from memory may have
    // been deposed, and not know it.
}

/// The stored keys and values.
#[derive(Default)]
pub(crate) struct Store {
    // Your data here (4B).
}

impl StateMachine for Store {
    /// All replicas do the same, in the same order, and must come to the same: no clock, no randomness.
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        todo!("kvraft::Store::do_op, part 4B")
    }

    fn snapshot(&self) -> Vec<u8> {
        todo!("kvraft::Store::snapshot, part 4C")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        todo!("kvraft::Store::restore, part 4C")
    }
}

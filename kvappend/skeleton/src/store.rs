//! The keys with their texts on one server (part 4P; snapshots: 4Q).

use labapi::StateMachine;
use serde::{Deserialize, Serialize};

/// A clerk's request. It goes through the log as bytes: `labgob::encode`, `labgob::decode`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    // Your data here (4P). A get goes through the log like a put: a server that answers from memory may have
    // been deposed, and not know it.
}

/// The service.
#[derive(Default)]
pub(crate) struct Texts {
    // Your data here (4P): the text of each key, and what tells a request that was executed before.
}

impl StateMachine for Texts {
    /// A request may be in the log twice: its clerk had no reply and has sent it again. All replicas have to
    /// recognise it here, and to come to the same: no clock, no randomness.
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        todo!("kvappend::Texts::do_op, part 4P")
    }

    /// All that the server has to know after a crash, and not the keys alone.
    fn snapshot(&self) -> Vec<u8> {
        todo!("kvappend::Texts::snapshot, part 4Q")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        todo!("kvappend::Texts::restore, part 4Q")
    }
}

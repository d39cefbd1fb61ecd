//! [`BullyEvent`]: what the tester sees of a node.

use labgob::Value;
use serde::Serialize;

use crate::event::{Interests, ProtocolEvent};

/// Something that the tester sees of a node of the Bully algorithm.
#[derive(Serialize)]
pub enum BullyEvent {
    /// The node has come to rest, and takes another one for the leader than when it did last.
    Follows {
        /// The leader's number, which may be its own; `None`: it knows none.
        leader: Option<usize>,
    },
}

impl ProtocolEvent for BullyEvent {
    fn name(&self) -> &'static str {
        "follows"
    }

    fn class(&self) -> Interests {
        Interests::STATES
    }

    fn value(&self) -> Value {
        Value::of(self).expect("numbers can be encoded")
    }
}

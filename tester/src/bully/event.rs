//! [`BullyEvent`]: the tester's observations of a node.

use labgob::Value;
use serde::Serialize;

use crate::event::{Interests, ProtocolEvent};

/// An observation of a node of the Bully algorithm.
#[derive(Serialize)]
pub enum BullyEvent {
    /// The node is at rest, and follows another leader than at the last probe.
    Follows {
        /// The leader's number, which may be the node's own; `None`: it knows none.
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

//! [`PaxosEvent`]: the tester's observations of nodes of single-decree Paxos.

use std::fmt;

use labgob::Value;
use serde::Serialize;

use crate::event::{Interests, ProtocolEvent};

/// An observation of a node of single-decree Paxos.
#[derive(Serialize)]
pub enum PaxosEvent {
    /// The test is about to hand the node a value.
    Proposed(Decree),
    /// The node says that a value was chosen: for the first time in its incarnation, or another one than
    /// before.
    Decided(Decree),
    /// The node does not know any more what was chosen, although it knew it before in this incarnation.
    Forgot {
        /// The number of the instance.
        instance: u64,
    },
}

/// An instance and a value for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decree {
    /// The number of the instance.
    pub instance: u64,
    /// The value.
    #[serde(with = "labgob::bytes")]
    pub value: Vec<u8>,
}

impl ProtocolEvent for PaxosEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Proposed(_) => "proposed",
            Self::Decided(_) => "decided",
            Self::Forgot { .. } => "forgot",
        }
    }

    fn class(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn value(&self) -> Value {
        match self {
            Self::Proposed(decree) | Self::Decided(decree) => Value::of(decree),
            Self::Forgot { instance } => Value::of(instance),
        }
        .expect("numbers and bytes can be encoded")
    }
}

/// A value in messages.
pub(super) struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.0))
    }
}

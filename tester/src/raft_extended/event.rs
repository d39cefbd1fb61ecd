//! [`RaftExtendedEvent`]: the tester's observations of a peer, besides those of any Raft peer.

use labapi::{LogIndex, Membership};
use labgob::Value;
use serde::Serialize;

use crate::event::{Interests, ProtocolEvent};

/// An observation of a Raft peer whose cluster can be changed. Those of any Raft peer are
/// [`RaftEvent`](crate::RaftEvent)s.
#[derive(Serialize)]
pub enum RaftExtendedEvent {
    /// The peer is at rest, and uses another configuration than at the last probe.
    Uses(Membership),
    /// A read is about to be asked of the peer.
    ReadBegan {
        /// The number of the read.
        read: u64,
    },
    /// The peer has answered a read.
    ReadAnswered {
        /// The number of the read.
        read: u64,
        /// Whether it was to be answered by the leader's lease.
        by_lease: bool,
        /// The index up to which the service has to apply entries before it reads.
        index: LogIndex,
    },
}

impl ProtocolEvent for RaftExtendedEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Uses(_) => "uses",
            Self::ReadBegan { .. } => "read_began",
            Self::ReadAnswered { .. } => "read_answered",
        }
    }

    fn class(&self) -> Interests {
        match self {
            Self::Uses(_) => Interests::STATES,
            Self::ReadBegan { .. } | Self::ReadAnswered { .. } => Interests::AGREEMENT,
        }
    }

    fn value(&self) -> Value {
        Value::of(self).expect("numbers can be encoded")
    }
}

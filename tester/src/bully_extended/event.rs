//! [`CuredBullyEvent`]: the tester's observations of a node.

use labapi::{BullyView, Publication};
use labgob::Value;
use serde::Serialize;

use crate::event::{Interests, ProtocolEvent};

/// An observation of a node of one of Bully's cured forms. The node is at rest at the observation, unless it
/// says otherwise.
#[derive(Serialize)]
pub enum CuredBullyEvent {
    /// The node follows another leader, or knows another generation, than at the last probe.
    Views(BullyView),
    /// The node's vote is locked for another candidate than at the last probe, or for nobody.
    Votes {
        /// The candidate.
        candidate: Option<usize>,
    },
    /// The node knows of another committed state than at the last probe.
    Knows(Publication),
    /// The node no longer knows any committed state, although it did in this incarnation.
    Forgot,
}

impl ProtocolEvent for CuredBullyEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Views(_) => "views",
            Self::Votes { .. } => "votes",
            Self::Knows(_) => "knows",
            Self::Forgot => "forgot",
        }
    }

    fn class(&self) -> Interests {
        match self {
            Self::Views(_) | Self::Votes { .. } => Interests::STATES,
            Self::Knows(_) | Self::Forgot => Interests::AGREEMENT,
        }
    }

    fn value(&self) -> Value {
        Value::of(self).expect("numbers and bytes can be encoded")
    }
}

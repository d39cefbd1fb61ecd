//! [`Observation`]: what the comparison observes of a server, as an event of the run.

use labgob::Value;
use tester::{Interests, ProtocolEvent};

use crate::replica::{View, Write};

/// An observation of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The server sees the leadership in another way than before.
    Viewed(View),
    /// The server has told its client that the write is done.
    Acknowledged(Write),
    /// The server has told its client that the write is not done and never will be.
    Failed(Write),
    /// A client has read at the server, and a write was or was not there that had been acknowledged before
    /// the read began.
    Read {
        /// Whether it was not there.
        stale: bool,
    },
}

impl ProtocolEvent for Observation {
    fn name(&self) -> &'static str {
        match self {
            Self::Viewed(_) => "viewed",
            Self::Acknowledged(_) => "acknowledged",
            Self::Failed(_) => "failed",
            Self::Read { .. } => "read",
        }
    }

    fn class(&self) -> Interests {
        Interests::STATES
    }

    fn value(&self) -> Value {
        match self {
            Self::Viewed(view) => Value::of(&(view.leads, view.generation, view.allegiance)),
            Self::Acknowledged(write) | Self::Failed(write) => Value::of(write),
            Self::Read { stale } => Value::of(stale),
        }
        .expect("numbers can be encoded")
    }
}

//! [`RaftEvent`]: what the tester sees of a Raft peer, and of the service on it.

use labapi::{LogIndex, Started, State};

use super::snapshot::Snapshot;
use crate::event::{Interests, ProtocolEvent};

/// Something that the tester sees of a Raft peer.
///
/// A peer is asked for its state by the test, and by a probe each time when its threads have come to rest.
/// Questions that overlap may be answered in any order, so an invariant is told of the beginning and the end of
/// each.
pub enum RaftEvent {
    /// The peer is about to be asked for its state. If it was the probe that asked last, and nothing was told since,
    /// the answer was what it had been before.
    Asked {
        /// By whom.
        question: Question,
    },
    /// The peer answered a question of the test, in the midst of whatever it does. Two fields may be mixed up
    /// then: a server that has led a term may seem to lead the next one.
    Told {
        /// The question.
        question: Question,
        /// The answer.
        state: State,
    },
    /// The peer answered the probe that it leads, which is news. It is asked once more.
    Looked {
        /// The answer.
        state: State,
    },
    /// The peer answered the probe, and the answer is news. If it is that it leads, it said so twice in a row.
    AtRest {
        /// The state.
        state: State,
        /// Every index up to this one had been applied before the probe asked.
        applied: LogIndex,
    },
    /// The peer took a command.
    Accepted {
        /// Where it says that the command will be.
        place: Started,
    },
    /// The service applies an entry, having applied every index before.
    Applied {
        /// The entry's index.
        index: LogIndex,
        /// Its command.
        command: Vec<u8>,
    },
    /// The service replaces its state by a snapshot.
    Installed {
        /// The snapshot.
        bytes: Vec<u8>,
        /// What is in it, or what is wrong with it.
        content: Result<Snapshot, String>,
    },
}

/// A question for a peer's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Of the test, with a number that no other one has.
    Test(u64),
    /// Of the probe. Each replaces the one before.
    Probe,
}

impl ProtocolEvent for RaftEvent {
    fn class(&self) -> Interests {
        match self {
            Self::Asked { .. } | Self::Told { .. } | Self::Looked { .. } | Self::AtRest { .. } => {
                Interests::STATES
            }
            Self::Accepted { .. } | Self::Applied { .. } | Self::Installed { .. } => Interests::AGREEMENT,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Told { .. } => "told",
            Self::Looked { .. } => "looked",
            Self::AtRest { .. } => "at_rest",
            Self::Accepted { .. } => "accepted",
            Self::Applied { .. } => "applied",
            Self::Installed { .. } => "installed",
        }
    }
}

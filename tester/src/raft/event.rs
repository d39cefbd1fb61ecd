//! [`RaftEvent`]: what the tester sees of a Raft peer, and of the service on it.

use labapi::{LogIndex, Started, State, Term};
use labgob::Value;
use serde::Serialize;

use super::snapshot::Snapshot;
use crate::event::{Interests, ProtocolEvent, StreamPosition};

/// Something that the tester sees of a Raft peer.
///
/// A peer is asked for its state by the test, and by a probe each time when its threads have come to rest.
/// Questions that overlap may be answered in any order, so with each answer comes when it was asked for.
pub enum RaftEvent {
    /// The peer answered a question of the test, in the midst of whatever it does. Two fields may be mixed up
    /// then: a server that has led a term may seem to lead the next one.
    Queried {
        /// When it was asked.
        asked: StreamPosition,
        /// The answer.
        state: State,
        /// When the probe has asked last.
        probe: Option<ProbeTimes>,
    },
    /// The peer answered the probe that it leads, which is news. It is asked once more.
    ProbedOnce {
        /// When it was asked.
        probe: ProbeTimes,
        /// The answer.
        state: State,
    },
    /// The peer answered the probe, and the answer is news. If it is that it leads, it said so twice in a
    /// row.
    Probed {
        /// When it was asked.
        probe: ProbeTimes,
        /// The state.
        state: State,
    },
    /// The peer answered the probe that it is in a term, after its service had applied more than when it was
    /// asked before.
    AppliedInTerm {
        /// Every index up to this one had been applied before the probe asked.
        applied: LogIndex,
        /// The term.
        term: Term,
    },
    /// The peer took a command.
    Accepted {
        /// Where it says that the command will be.
        position: Started,
        /// When the probe has asked last.
        probe: Option<ProbeTimes>,
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
        /// The decoded snapshot, or what is wrong with its bytes.
        content: Result<Snapshot, String>,
    },
}

/// When the probe asked a peer for its state, and was answered.
#[derive(Clone, Copy, Debug)]
pub struct ProbeTimes {
    /// This time.
    pub asked: StreamPosition,
    /// The time before, and the time before that. Most of them found nothing new, and no event tells of them.
    pub before: [StreamPosition; 2],
}

impl ProtocolEvent for RaftEvent {
    fn class(&self) -> Interests {
        match self {
            Self::Queried { .. } | Self::ProbedOnce { .. } | Self::Probed { .. } => Interests::STATES,
            Self::AppliedInTerm { .. }
            | Self::Accepted { .. }
            | Self::Applied { .. }
            | Self::Installed { .. } => Interests::AGREEMENT,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Queried { .. } => "queried",
            Self::ProbedOnce { .. } => "probed_once",
            Self::Probed { .. } => "probed",
            Self::AppliedInTerm { .. } => "applied_in_term",
            Self::Accepted { .. } => "accepted",
            Self::Applied { .. } => "applied",
            Self::Installed { .. } => "installed",
        }
    }

    fn value(&self) -> Value {
        let value = match self {
            Self::Queried { state, .. } | Self::ProbedOnce { state, .. } | Self::Probed { state, .. } => {
                Value::of(state)
            }
            Self::AppliedInTerm { applied, term } => {
                Value::of(&AppliedInTerm { applied: *applied, term: *term })
            }
            Self::Accepted { position, .. } => Value::of(position),
            Self::Applied { index, command } => Value::of(&Applied { index: *index, command }),
            Self::Installed { bytes, content } => {
                let index = content.as_ref().map(|content| content.last_index).ok();
                Value::of(&Installed { index, bytes: bytes.len() })
            }
        };
        value.expect("numbers and bytes can be encoded")
    }
}

#[derive(Serialize)]
struct AppliedInTerm {
    applied: LogIndex,
    term: Term,
}

#[derive(Serialize)]
struct Applied<'a> {
    index: LogIndex,
    #[serde(with = "labgob::bytes")]
    command: &'a [u8],
}

#[derive(Serialize)]
struct Installed {
    /// The last index included, if it is a snapshot.
    index: Option<LogIndex>,
    bytes: usize,
}

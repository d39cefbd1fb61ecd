//! [`RaftEvent`]: the tester's observations of a Raft peer, and of the service on it.

use std::sync::Arc;

use labapi::{Inspection, LogIndex, Started, State, Term};
use labgob::Value;
use serde::Serialize;

use super::snapshot::Snapshot;
use crate::event::{Interests, ProtocolEvent, StreamPosition};

/// An observation of a Raft peer.
///
/// A peer's state is queried by the test, and by a probe each time its threads have come to rest. Overlapping
/// queries may be answered in any order, so each answer carries the time of its query.
pub enum RaftEvent {
    /// The peer answered a query of the test, possibly in the middle of an operation. Then the two fields may
    /// be inconsistent: a server that has led a term may seem to lead the next one.
    Queried {
        /// The time of the query.
        asked: StreamPosition,
        /// The answer.
        state: State,
        /// The times of the last probe.
        probe: Option<ProbeTimes>,
    },
    /// The peer answered a probe that it leads, which is new. It is probed once more.
    ProbedOnce {
        /// The times of the probe.
        probe: ProbeTimes,
        /// The answer.
        state: State,
    },
    /// The peer answered a probe, and the answer is new. A claim to lead was made twice in a row.
    Probed {
        /// The times of the probe.
        probe: ProbeTimes,
        /// The state.
        state: State,
    },
    /// The peer answered a probe that it is in a term, after its service had applied more than at the probe
    /// before.
    AppliedInTerm {
        /// Every index up to this one had been applied before the probe.
        applied: LogIndex,
        /// The term.
        term: Term,
    },
    /// The peer, at rest, told something else of itself than before; see [`labapi::Raft::inspect`]. Only in
    /// watched and recorded runs.
    Inspected(Arc<Inspection>),
    /// The peer accepted a command.
    Accepted {
        /// The index and term that it gave the command.
        position: Started,
        /// The times of the last probe.
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
    /// The service is about to hand the peer a snapshot of its own, which ends at this index.
    SnapshotTaken(LogIndex),
    /// The peer delivers an entry that is not the next one. The run fails with that.
    OutOfOrder {
        /// The entry's index.
        index: LogIndex,
        /// The index that was due.
        due: LogIndex,
    },
}

/// The time of a probe, and of the two probes before it.
#[derive(Clone, Copy, Debug)]
pub struct ProbeTimes {
    /// The time of this probe.
    pub asked: StreamPosition,
    /// The times of the probe before, and of the one before that. Most probes find nothing new and emit no
    /// event.
    pub before: [StreamPosition; 2],
}

impl ProtocolEvent for RaftEvent {
    fn class(&self) -> Interests {
        match self {
            Self::Queried { .. } | Self::ProbedOnce { .. } | Self::Probed { .. } | Self::Inspected(_) => {
                Interests::STATES
            }
            Self::AppliedInTerm { .. }
            | Self::Accepted { .. }
            | Self::Applied { .. }
            | Self::Installed { .. }
            | Self::SnapshotTaken(_)
            | Self::OutOfOrder { .. } => Interests::AGREEMENT,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Queried { .. } => "queried",
            Self::ProbedOnce { .. } => "probed_once",
            Self::Probed { .. } => "probed",
            Self::AppliedInTerm { .. } => "applied_in_term",
            Self::Inspected(_) => "inspected",
            Self::Accepted { .. } => "accepted",
            Self::Applied { .. } => "applied",
            Self::Installed { .. } => "installed",
            Self::SnapshotTaken(_) => "snapshot_taken",
            Self::OutOfOrder { .. } => "out_of_order",
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
            Self::Inspected(told) => Value::of(&**told),
            Self::Accepted { position, .. } => Value::of(position),
            Self::Applied { index, command } => Value::of(&Applied { index: *index, command }),
            Self::Installed { bytes, content } => {
                let index = content.as_ref().map(|content| content.last_index).ok();
                Value::of(&Installed { index, bytes: bytes.len() })
            }
            Self::SnapshotTaken(index) => Value::of(&SnapshotTaken { index: *index }),
            Self::OutOfOrder { index, due } => Value::of(&OutOfOrder { index: *index, due: *due }),
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

#[derive(Serialize)]
struct SnapshotTaken {
    index: LogIndex,
}

#[derive(Serialize)]
struct OutOfOrder {
    index: LogIndex,
    due: LogIndex,
}

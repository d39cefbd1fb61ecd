//! The RPCs.

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

use crate::log::Entry;

/// A candidate asks for a vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteArgs {
    pub(crate) term: Term,
    pub(crate) candidate: usize,
    pub(crate) last_log_index: LogIndex,
    pub(crate) last_log_term: Term,
}

/// The answer to a candidate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteReply {
    pub(crate) term: Term,
    pub(crate) vote_granted: bool,
}

/// A leader sends entries, or none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesArgs {
    pub(crate) term: Term,
    pub(crate) prev_log_index: LogIndex,
    pub(crate) prev_log_term: Term,
    pub(crate) entries: Vec<Entry>,
    pub(crate) leader_commit: LogIndex,
}

impl AppendEntriesArgs {
    /// The index of the last entry that both logs have in common after a success.
    pub(crate) fn last_index(&self) -> LogIndex {
        LogIndex(self.prev_log_index.0 + self.entries.len() as u64)
    }
}

/// The answer to a leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesReply {
    pub(crate) term: Term,
    pub(crate) success: bool,
    /// After a refusal: an index up to which the logs may be equal, and the term of the entry there.
    pub(crate) hint: (LogIndex, Term),
}

/// A leader sends its snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotArgs {
    pub(crate) term: Term,
    pub(crate) last_included_index: LogIndex,
    pub(crate) last_included_term: Term,
    #[serde(with = "labgob::bytes")]
    pub(crate) data: Vec<u8>,
}

/// The answer to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotReply {
    pub(crate) term: Term,
}

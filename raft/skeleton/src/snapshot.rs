//! Cutting off the beginning of the log (part 3D): §7 of the paper and Figure 13. Snapshots travel whole, so
//! `offset` and `done` are not needed.

use labapi::LogIndex;
use serde::{Deserialize, Serialize};

use crate::peer::Raft;

/// A leader sends its snapshot to a server that lacks entries which the leader has no longer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotArgs {
    // Your data here (3D): the "Arguments" of Figure 13, less two. `#[serde(with = "labgob::bytes")]` for the
    // bytes.
}

/// The answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotReply {
    // Your data here (3D): the "Results" of Figure 13.
}

impl Raft {
    /// The service on this server says that `snapshot` holds the effect of all commands up to and including
    /// `index`.
    ///
    /// - Indices stay what they are, from the first command of all on; only the position in your vector
    ///   changes. Do that arithmetic in one place, a type for the log, and let everything else speak of
    ///   indices.
    /// - The term of the last entry that goes is needed later, as `prev_log_term`.
    /// - The leader may have sent a snapshot that goes further: then this one is out of date.
    /// - Save both, log and snapshot, at once.
    pub(crate) fn take_snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        todo!("raft::take_snapshot, part 3D")
    }

    /// The leader has sent its snapshot.
    ///
    /// - It may be late: what is committed here already must not be taken back, and the service never goes
    ///   back.
    /// - If the log has the snapshot's last entry, what comes after that stays (step 6). Otherwise all of it
    ///   goes.
    /// - The service gets it from the applier, in order with the entries.
    pub(crate) fn answer_install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        todo!("raft::answer_install_snapshot, part 3D")
    }
}

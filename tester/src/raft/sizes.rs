//! Sizes of the saved Raft state and snapshots.

use persister::Storage;

use super::OnRaft;
use crate::Cluster;

/// The record in which a persister keeps the snapshot.
const SNAPSHOT: &str = "snapshot";

/// The factor by which the saved Raft state may exceed the size asked for.
pub(crate) const SIZE_MARGIN: usize = 8;

impl<P: OnRaft> Cluster<P> {
    /// The most bytes that any server has saved as its Raft state: in all records but the snapshot. A server
    /// that is down counts with its storage.
    #[must_use]
    pub fn log_size(&self) -> usize {
        self.largest(|storage| {
            let records = storage.records();
            records.iter().filter(|(name, _)| name != SNAPSHOT).map(|(_, bytes)| bytes).sum()
        })
    }

    /// The most bytes that any server has saved as its snapshot.
    #[must_use]
    pub fn snapshot_size(&self) -> usize {
        self.largest(|storage| storage.size(SNAPSHOT))
    }

    fn largest(&self, size: impl Fn(&Storage) -> usize) -> usize {
        (0..self.n_servers()).map(|server| size(&self.storage(server))).max().unwrap_or(0)
    }

    /// Expects snapshots to keep the saved Raft state small, and none to be taken if none were asked for.
    #[track_caller]
    pub(crate) fn check_sizes(&self, max_raft_state: Option<usize>) {
        match max_raft_state {
            Some(bytes) => self.check_log_size(SIZE_MARGIN * bytes),
            None => {
                let size = self.snapshot_size();
                if size > 0 {
                    self.fail(format!(
                        "expected no server to take a snapshot, for none is asked for without a limit on \
                         the Raft state; saw one of {size} bytes"
                    ));
                }
            }
        }
    }

    /// Expects no server to have saved more Raft state than `limit` bytes.
    #[track_caller]
    pub fn check_log_size(&self, limit: usize) {
        let size = self.log_size();
        if size > limit {
            self.fail(format!(
                "expected snapshots to keep every server's saved Raft state at {limit} bytes or below; saw \
                 {size}"
            ));
        }
    }

    /// Expects no server to have saved a snapshot of more than `limit` bytes.
    #[track_caller]
    pub fn check_snapshot_size(&self, limit: usize) {
        let size = self.snapshot_size();
        if size > limit {
            self.fail(format!(
                "expected no server to save a snapshot of more than {limit} bytes; saw {size}"
            ));
        }
    }
}

//! Reads without a log entry (part 3G): §6.4 of the thesis.

use labapi::{LogIndex, ReadError};

use crate::server::Peer;

impl Peer {
    /// Waits until it is certain that this server leads, and knows what is committed.
    ///
    /// This may wait, at a condition variable; but not under a lock that others need, and not when this
    /// server has stopped leading or was killed.
    pub(crate) fn answer_read(&self) -> Result<LogIndex, ReadError> {
        todo!("raft_extended::answer_read, part 3G")
    }
}

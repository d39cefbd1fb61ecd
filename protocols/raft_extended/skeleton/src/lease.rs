//! Reads without any message (part 3G): §6.4.1 of the thesis.

use labapi::{LogIndex, ReadError};

use crate::server::Peer;

impl Peer {
    /// Answers at once, while nobody else can have been elected. Clocks may run by a tenth too fast or too
    /// slow.
    pub(crate) fn answer_read_by_lease(&self) -> Result<LogIndex, ReadError> {
        todo!("raft_extended::answer_read_by_lease, part 3G")
    }
}

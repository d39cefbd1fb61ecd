//! Handing the leadership over (part 3H): §3.10 of the thesis.

use labapi::TransferError;
use serde::{Deserialize, Serialize};

use crate::server::Peer;

/// A leader tells a server to stand for election at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimeoutNowArgs {
    // Your data here (3H).
}

/// The answer, which says nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimeoutNowReply;

impl Peer {
    /// A request to hand the leadership over to another server.
    pub(crate) fn hand_over(&self, to: usize) -> Result<(), TransferError> {
        todo!("raft_extended::hand_over, part 3H")
    }

    /// The leader wants this server to lead.
    pub(crate) fn answer_timeout_now(&self, args: TimeoutNowArgs) -> TimeoutNowReply {
        todo!("raft_extended::answer_timeout_now, part 3H")
    }
}

//! Handing the leadership over (part 3H): §3.10 of the thesis.

use labapi::TransferError;
use serde::{Deserialize, Serialize};

use crate::server::Server;

/// A leader tells a server to stand for election at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimeoutNowArgs {
    // Your data here (3H).
}

/// The answer, which says nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TimeoutNowReply;

impl Server {
    /// A request to hand the leadership over to another server.
    pub(crate) fn begin_transfer(&self, to: usize) -> Result<(), TransferError> {
        todo!("raft_extended::begin_transfer, part 3H")
    }

    /// The leader wants this server to lead.
    pub(crate) fn answer_timeout_now(&self, args: TimeoutNowArgs) -> TimeoutNowReply {
        todo!("raft_extended::answer_timeout_now, part 3H")
    }
}

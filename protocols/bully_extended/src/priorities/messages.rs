//! The messages of the form with priorities.

use serde::{Deserialize, Serialize};

use crate::node::NodeId;

/// To all others, again and again: the node is alive.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pulse {
    pub(crate) sender: NodeId,
    /// Whether it leads.
    pub(crate) leads: bool,
}

/// The answer to a [`Pulse`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PulseReply;

/// To all others: a candidate asks for a vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VoteRequest {
    pub(crate) candidate: NodeId,
    /// Whether it only asks what the vote would be.
    pub(crate) is_trial: bool,
}

/// The answer to a [`VoteRequest`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VoteReply {
    /// 1, 0 or [`VETO`](super::vote::VETO).
    pub(crate) votes: i64,
}

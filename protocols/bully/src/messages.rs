//! The messages of the nodes. The answer [`Alive`] is the reply to an [`Election`].

use serde::{Deserialize, Serialize};

use crate::node::NodeId;

/// To all higher nodes: is one of you alive?
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Election {
    /// The node that asks.
    pub(crate) candidate: NodeId,
}

/// To the candidate: a higher node lives and takes care of the election.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Alive;

/// To all lower nodes: an election is over.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Victory {
    /// The winner.
    pub(crate) leader: NodeId,
}

/// To all lower nodes, again and again: the leader is there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    /// The leader.
    pub(crate) leader: NodeId,
}

/// The reply to [`Victory`] and [`Heartbeat`], which is ignored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ack;

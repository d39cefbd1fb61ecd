//! The messages of the forms that are stacked. Every one has the generation of its sender, and so has every
//! answer.

use serde::{Deserialize, Serialize};

use crate::generation::Generation;
use crate::node::NodeId;
use crate::publication::Accepted;

/// To all higher nodes, and from the form with a quorum on to all: this node misses its leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Election {
    /// The newest generation that the candidate has heard of: the one whose leader it misses.
    pub(crate) generation: Generation,
    /// The node that asks.
    pub(crate) candidate: NodeId,
}

/// An election is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Victory {
    /// The generation that begins.
    pub(crate) generation: Generation,
    /// The winner.
    pub(crate) leader: NodeId,
}

/// Again and again: the leader is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    pub(crate) generation: Generation,
    pub(crate) leader: NodeId,
}

/// To all others: do you miss the leader, too?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Inquiry {
    pub(crate) generation: Generation,
}

/// The answer to an [`Inquiry`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opinion {
    pub(crate) generation: Generation,
    /// The leader from which the node itself has heard in time; `None`: it misses its leader, too.
    pub(crate) leader: Option<NodeId>,
}

/// To all others: save this state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Publish {
    pub(crate) generation: Generation,
    pub(crate) leader: NodeId,
    pub(crate) version: u64,
    #[serde(with = "labgob::bytes")]
    pub(crate) state: Vec<u8>,
}

/// To all others: a quorum has saved the state of this version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) generation: Generation,
    pub(crate) version: u64,
}

/// The answer to most messages. If its generation is newer than the message's, the message was dropped.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) generation: Generation,
}

/// The answer to a [`Victory`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VictoryReply {
    pub(crate) generation: Generation,
    /// The newest state that the node has saved, committed or not.
    pub(crate) accepted: Option<Accepted>,
}

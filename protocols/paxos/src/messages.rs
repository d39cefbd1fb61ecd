//! The messages of single-decree Paxos.

use serde::{Deserialize, Serialize};

use crate::ballot::Ballot;
use crate::proposal::{Proposal, Value};

/// The number of an instance.
pub(crate) type Instance = u64;

/// Phase 1a, to the acceptors: take part in no lower ballot, and say what you have accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Prepare {
    pub(crate) instance: Instance,
    pub(crate) ballot: Ballot,
}

/// Phase 1b, to the proposer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Promise {
    /// What the acceptor has accepted, if anything: that with the highest ballot.
    pub(crate) accepted: Option<Proposal>,
}

/// Phase 2a, to the acceptors: accept this proposal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accept {
    pub(crate) instance: Instance,
    pub(crate) ballot: Ballot,
    #[serde(with = "labgob::bytes")]
    pub(crate) value: Value,
}

/// Phase 2b, to the proposer: the proposal is accepted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Accepted;

/// To the proposer in place of a promise or an acceptance: a higher ballot was promised. "It should probably
/// inform the proposer, who should then abandon its proposal" (§2.5).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Nack {
    /// The ballot that was promised.
    pub(crate) promised: Ballot,
}

/// To the learners: this value was chosen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chosen {
    pub(crate) instance: Instance,
    #[serde(with = "labgob::bytes")]
    pub(crate) value: Value,
}

/// The reply to [`Chosen`], which is ignored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ack;

/// From a learner to all: what was chosen, or else, what have you accepted?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) instance: Instance,
}

/// The answer to [`Ask`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The node knows what was chosen.
    Chosen(#[serde(with = "labgob::bytes")] Value),
    /// It does not. This is what its acceptor has accepted.
    Accepted(Option<Proposal>),
}

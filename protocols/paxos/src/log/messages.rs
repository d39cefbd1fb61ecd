//! The messages of the replicated log.

use serde::{Deserialize, Serialize};

use super::entries::{Base, Entry, Instance, Value};
use crate::ballot::Ballot;

/// Phase 1a, for all instances after one: take part in no lower ballot, and say what you have accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Prepare {
    pub(crate) ballot: Ballot,
    /// The proposer knows what is chosen up to here.
    pub(crate) after: Instance,
}

/// Phase 1b.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Promise {
    /// The acceptor knows what is chosen up to here.
    pub(crate) chosen: Instance,
    /// What it has accepted after the instance of the request. What its snapshot has replaced is missing.
    pub(crate) accepted: Vec<(Instance, Entry)>,
}

/// Phase 2a, for any number of instances: accept these values. Without any it shows that there is a leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accept {
    pub(crate) ballot: Ballot,
    pub(crate) proposals: Vec<(Instance, Value)>,
    /// All instances up to here are chosen.
    pub(crate) chosen: Instance,
}

/// Phase 2b: all of them are accepted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Accepted;

/// In place of a promise or an acceptance: a higher ballot was promised.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Nack {
    pub(crate) promised: Ballot,
}

/// From a learner that has missed something: what is chosen after this instance?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Learn {
    pub(crate) after: Instance,
}

/// The answer to [`Learn`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Learned {
    /// The highest ballot that the server has promised. The learner promises it as well: so its term is never
    /// below that of the leader from which its knowledge comes.
    pub(crate) promised: Ballot,
    /// The snapshot, if it has replaced the instance after the one that was asked for.
    pub(crate) snapshot: Option<Snapshot>,
    /// The chosen entries that follow, without a gap.
    pub(crate) chosen: Vec<(Instance, Entry)>,
}

/// A snapshot of the service.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) base: Base,
    #[serde(with = "labgob::bytes")]
    pub(crate) bytes: Vec<u8>,
}

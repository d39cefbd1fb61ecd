//! Proposals, and the one choice that a proposer has not: the value of a ballot.

use serde::{Deserialize, Serialize};

use crate::ballot::Ballot;

/// What is to be agreed on. The protocol does not look into it.
pub(crate) type Value = Vec<u8>;

/// A value under a ballot. A ballot has one value at most (in each instance).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) ballot: Ballot,
    #[serde(with = "labgob::bytes")]
    pub(crate) value: Value,
}

/// P2c: the value of "the highest-numbered proposal among all proposals numbered less than n accepted by the
/// acceptors" of a majority. `None` if they have accepted none: then the proposer is free.
///
/// A value that was chosen is among what any majority has accepted, and each later ballot has taken it over.
/// So it is the highest-numbered one.
pub(crate) fn value_of_the_highest(accepted: impl IntoIterator<Item = Proposal>) -> Option<Value> {
    accepted.into_iter().max_by_key(|proposal| proposal.ballot).map(|proposal| proposal.value)
}

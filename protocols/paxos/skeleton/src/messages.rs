//! The messages of part P1. Those of part P2 are alike, and belong into `log.rs` or a file beside it.
//!
//! `Option<Vec<u8>>` and the like can be sent as they are. Bytes are shorter with
//! `#[serde(with = "labgob::bytes")]`.

use serde::{Deserialize, Serialize};

use crate::ballot::Ballot;

/// Phase 1a.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Prepare {
    pub(crate) instance: u64,
    pub(crate) ballot: Ballot,
}

/// Phase 1b.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Promise {
    // Your data here (P1): what the acceptor has accepted, if anything. If you call it `accepted`, with the
    // fields `ballot` and `value`, then explanations of failed runs understand it.
}

/// Phase 2a.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accept {
    pub(crate) instance: u64,
    pub(crate) ballot: Ballot,
    pub(crate) value: Vec<u8>,
}

/// Phase 2b.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accepted;

/// The answer in place of a promise or an acceptance, if the acceptor has promised a higher ballot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Nack {
    pub(crate) promised: Ballot,
}

// Your messages here (P1): how a learner gets to know what was chosen, and how it asks.

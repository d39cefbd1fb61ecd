//! [`ReplicatedLog`]: the log that lab 4's replicas are built on.

use labapi::MakeRaft;

use super::Observations;
use crate::invariant::Invariant;
use crate::rule::Analysis;

/// A replicated log behind [`labapi::Raft`], and what must hold of it: Raft itself, or another protocol.
///
/// Lab 4's replicas submit requests to a log, get them back in one order, cut it by snapshots, and ask who
/// leads. Of all that `labapi::Raft` says no more than any leader-based log can offer: a term is a number
/// that goes up with each change of leader, a ballot in Paxos and an epoch in ZAB, and an index counts what
/// is delivered. So there is no second trait for it. What belongs to Raft alone are its invariants, and these
/// come with the log.
#[derive(Clone, Copy)]
pub struct ReplicatedLog {
    /// Makes a peer.
    pub make: MakeRaft,
    /// The invariants, for a cluster of so many servers.
    pub invariants: fn(&Observations, usize) -> Vec<Box<dyn Invariant>>,
    /// The analyses, for a cluster of so many servers. The flag says whether there are events of what their
    /// services apply.
    pub analyses: fn(usize, bool) -> Vec<Box<dyn Analysis>>,
}

impl ReplicatedLog {
    /// A log by Raft.
    #[must_use]
    pub fn raft(make: MakeRaft) -> Self {
        Self {
            make,
            invariants: |observations, servers| observations.invariants(servers),
            analyses: Observations::analyses,
        }
    }
}

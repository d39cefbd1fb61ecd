//! Invariants of Raft peers. They hold at every moment, whatever the test.
//!
//! They observe all servers from the first start to the end, connected or not, across crashes. They allow
//! whatever a correct solution may do:
//!
//! * A state is probed when none of the server's threads is in the middle of anything, and a claim to lead
//!   counts only if it is made twice in a row, so that two fields which are read one after the other are not
//!   mixed up.
//! * Answers to overlapping queries are not ordered.
//! * A crash may lose a term that was never led and an entry that was never applied.
//! * Messages may have any form: causality is derived from who sent and received what and when (see
//!   [`causality`](crate::causality)), and overestimated where it is not certain.

mod elected_by_a_majority;
mod election_safety;
mod leader_append_only;
mod leader_completeness;
mod probed;
mod replicated_on_a_majority;
mod state_machine_safety;
mod terms;

use std::sync::Arc;

use parking_lot::Mutex;

use crate::invariant::Invariant;
use elected_by_a_majority::ElectedByAMajority;
use election_safety::ElectionSafety;
pub(super) use election_safety::Leaders;
use leader_append_only::LeaderAppendOnly;
use leader_completeness::LeaderCompleteness;
use probed::Probed;
use replicated_on_a_majority::ReplicatedOnAMajority;
pub(super) use state_machine_safety::AppliedLog;
use state_machine_safety::StateMachineSafety;
use terms::Terms;

/// Those that hold whichever servers vote.
pub(super) fn of_any_membership(
    servers: usize,
    log: &Arc<Mutex<AppliedLog>>,
    leaders: &Arc<Mutex<Leaders>>,
) -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(Probed::default()),
        Box::new(Terms::new(servers)),
        Box::new(LeaderAppendOnly::default()),
        Box::new(ElectionSafety::new(leaders)),
        Box::new(StateMachineSafety::new(log)),
        Box::new(LeaderCompleteness::default()),
    ]
}

/// All of them, in the order in which they judge. All servers vote.
pub(super) fn all(
    servers: usize,
    log: &Arc<Mutex<AppliedLog>>,
    leaders: &Arc<Mutex<Leaders>>,
) -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(Probed::default()),
        Box::new(Terms::new(servers)),
        Box::new(LeaderAppendOnly::default()),
        Box::new(ElectionSafety::new(leaders)),
        Box::new(ElectedByAMajority::new(servers)),
        Box::new(StateMachineSafety::new(log)),
        Box::new(ReplicatedOnAMajority::default()),
        Box::new(LeaderCompleteness::default()),
    ]
}

//! What must hold of Raft peers at every moment, whatever the test.
//!
//! They watch all servers from the first start to the end, connected or not, and remember across
//! crashes. What a correct solution may do, they allow:
//!
//! * a state is looked at when none of the server's threads is in the middle of anything, and a
//!   claim to lead counts only if it is made twice in a row, so that two fields which are read one
//!   after the other are not mixed up;
//! * answers to questions that overlap are not put in an order;
//! * what a crash may forget (a term that was never led, an entry that was never applied) may be
//!   forgotten;
//! * messages may have any form: that one follows another, as effect and cause, is seen from who sent and got
//!   what and when (see [`causality`](crate::causality)), and more counts as cause than may have been one.

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

/// All of them, in the order in which they judge.
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

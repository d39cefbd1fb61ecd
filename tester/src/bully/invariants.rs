//! What must hold of nodes of the Bully algorithm at every moment, however slow, lossy or divided the network
//! is.
//!
//! That there is one leader at a time is not among it: the plain form promises that only where no message is
//! late and the network is whole.

mod asks_all_higher;
mod follows_who_has_spoken;
mod gives_way_upwards;

use crate::invariant::Invariant;
use asks_all_higher::AsksAllHigher;
use follows_who_has_spoken::FollowsWhoHasSpoken;
use gives_way_upwards::GivesWayUpwards;

/// All of them, in the order in which they judge.
pub(super) fn all(servers: usize) -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(GivesWayUpwards::default()),
        Box::new(FollowsWhoHasSpoken::default()),
        Box::new(AsksAllHigher::new(servers)),
    ]
}

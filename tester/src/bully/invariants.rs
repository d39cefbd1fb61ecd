//! Invariants of the Bully algorithm. They hold at every moment, however slow, lossy or partitioned the
//! network is.
//!
//! A single leader at a time is not among them: the plain form promises that only where no message is late
//! and the network is not partitioned.

mod asks_all_higher;
mod follows_announced_leader;
mod follows_self_or_higher;

use crate::invariant::Invariant;
use asks_all_higher::AsksAllHigher;
use follows_announced_leader::FollowsAnnouncedLeader;
use follows_self_or_higher::FollowsSelfOrHigher;

/// All of them, in the order in which they judge.
pub(super) fn all(servers: usize) -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(FollowsSelfOrHigher::default()),
        Box::new(FollowsAnnouncedLeader::default()),
        Box::new(AsksAllHigher::new(servers)),
    ]
}

//! Part Z1: election. A leader is established, whoever was best; and another one when it is gone.

use std::time::Duration;

use super::{Ensemble, story};
use crate::Case;

pub(super) fn cases() -> Vec<Case> {
    vec![story("first_leader_z1", "Z1", "Test (Z1): a leader is established", 3, first_leader_z1).points(2)]
}

fn first_leader_z1(cluster: &Ensemble) {
    let everyone = cluster.everyone();
    let (leader, epoch) = cluster.wait_for_leader(&everyone);
    if epoch == 0 {
        cluster.fail("expected the first epoch to be 1 or higher, because epoch 0 has no leader; saw 0");
    }
    // It stays, as long as nothing happens.
    cluster.sleep(Duration::from_secs(2));
    let (later, later_epoch) = cluster.wait_for_leader(&everyone);
    if (leader, epoch) != (later, later_epoch) {
        cluster.fail(format!(
            "expected server {leader} to go on leading epoch {epoch}, because all servers run and reach one \
             another; saw server {later} lead epoch {later_epoch}"
        ));
    }
    cluster.broadcast(&everyone);
}

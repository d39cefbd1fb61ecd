//! Part P1: one decree (*Paxos Made Simple*, §2): any number of instances, each of which is a run of the
//! protocol by itself.

use super::PaxosNodes;
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 1] {
    [case("one_proposer_p1", "Test (P1): one proposer", one_proposer_p1)]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<PaxosNodes>)) -> Case {
    Case::new(name, "P1", title, &["paxos"], move |stage| super::play(stage, body)).servers(5).points(3)
}

fn one_proposer_p1(cluster: &Cluster<PaxosNodes>) {
    // One value is proposed, so it is chosen, and all nodes get to know it.
    let everyone = cluster.everyone();
    for round in 0..10 {
        let instance = cluster.new_instance();
        let value = cluster.propose(round % everyone.len(), instance);
        cluster.expect_decided(&everyone, instance, &value);
    }

    // It stays, whatever is proposed later.
    for instance in 0..10 {
        let value = cluster.wait_until_decided(&everyone, instance);
        cluster.propose(cluster.any_server(), instance);
        cluster.sleep(cluster.rand_millis(50));
        cluster.expect_decided(&everyone, instance, &value);
    }
}

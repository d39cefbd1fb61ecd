//! [`storm`]: a test that besieges a cluster while clients submit commands.

use crate::nemesis::{Family, FaultPlan, Shift, Siege, Workers};
use crate::raft::{RaftCluster, RaftPeers, peers_of};
use crate::{Case, Retry};

/// A test of a family of plans.
pub(super) fn storm(name: &'static str, title: &'static str, family: &'static Family) -> Case {
    let play = |stage: &crate::Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        stage.play(peers_of(stage), |cluster| besiege(cluster, plan, reliable));
    };
    Case::new(name, "3X", title, &["raft"], play).points(2).besieged(family)
}

/// Clients submit commands while the plan is carried out. Then a majority, and at last everyone, agrees on
/// one more command.
fn besiege(cluster: &RaftCluster, plan: &FaultPlan, reliable: bool) {
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    let workers = Workers::start(cluster, plan, |shift: &Shift<RaftPeers>, _| {
        let mut leader = 0;
        while shift.goes_on() {
            leader = submit(shift.cluster(), leader).unwrap_or(leader);
            shift.think();
        }
    });

    let find_leader = |servers: &[usize]| cluster.newest_leader(servers);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    workers.join();

    cluster.one(cluster.rand(), siege.healed(), Retry::Yes);
    siege.heal_all();
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
}

/// Submits a command to a server that believes that it leads; returns it. Begins with the one that did so
/// last.
fn submit(cluster: &RaftCluster, last: usize) -> Option<usize> {
    let command = cluster.rand();
    let servers = cluster.n_servers();
    (0..servers)
        .map(|step| (last + step) % servers)
        .find(|&server| cluster.start_on(server, &command).is_some())
}

//! [`storm`]: a test that besieges a cluster while it is changed, and while clients write and read.

use crate::nemesis::{Family, FaultPlan, Shift, Siege, Workers};
use crate::raft_extended::{ExtendedCluster, RaftExtendedServers, servers_of};
use crate::{Case, Retry};

/// A test of a family of plans. Three of the servers vote at first.
pub(super) fn storm(name: &'static str, title: &'static str, family: &'static Family) -> Case {
    let play = |stage: &crate::Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        stage.play(servers_of(stage, 0..3), |cluster| besiege(cluster, plan, reliable));
    };
    Case::new(name, "3HX", title, &["raft_extended"], play).points(2).besieged(family)
}

/// The first client is the steward of the cluster. In the end all servers are the cluster, and agree.
fn besiege(cluster: &ExtendedCluster, plan: &FaultPlan, reliable: bool) {
    cluster.one(cluster.rand(), 3, Retry::Yes);
    let workers = Workers::start(cluster, plan, |shift: &Shift<RaftExtendedServers>, number| {
        let mut leader = 0;
        while shift.goes_on() {
            match number {
                0 => steward(shift.cluster()),
                _ => leader = write_and_read(shift.cluster(), leader),
            }
            shift.think();
        }
    });
    let find_leader = |servers: &[usize]| cluster.newest_leader(servers);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    workers.join();
    cluster.change_to(&cluster.everyone());
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
}

/// Changes the cluster, or hands its leadership over.
fn steward(cluster: &ExtendedCluster) {
    let everyone = cluster.everyone();
    let Some(leader) = cluster.newest_leader(&everyone) else { return };
    if cluster.rand_number(3) == 0 {
        let _refused = cluster.transfer(leader, cluster.rand_count(0, everyone.len() - 1));
        return;
    }
    let first = cluster.rand_count(0, everyone.len() - 1);
    let count = cluster.rand_count(2.min(everyone.len()), everyone.len());
    let servers: Vec<usize> = (first..first + count).map(|server| server % everyone.len()).collect();
    let _refused = cluster.change(leader, &servers);
}

/// Writes to the server that has led last, or to another one that believes that it leads. Then reads there,
/// or anywhere. Returns the server that leads.
fn write_and_read(cluster: &ExtendedCluster, last: usize) -> usize {
    let command = cluster.rand();
    let servers = cluster.n_servers();
    let mut tried = (0..servers).map(|step| (last + step) % servers);
    let leader = tried.find(|&server| cluster.start_on(server, &command).is_some());
    let reader = match cluster.rand_number(3) {
        0 => cluster.rand_count(0, servers - 1),
        _ => last,
    };
    // The invariants judge the answers.
    let _by_lease = cluster.lease_read(reader);
    if cluster.rand_number(2) == 0 {
        let _confirmed = cluster.read(reader);
    }
    leader.unwrap_or(last)
}

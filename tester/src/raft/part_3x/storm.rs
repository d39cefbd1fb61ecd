//! [`storm`]: a test that besieges a cluster while clients submit commands.

use std::time::Duration;

use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;

use crate::nemesis::{Family, FaultPlan, Siege};
use crate::raft::{RaftCluster, peers_of};
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
    let stop = Arc::new(AtomicBool::new(false));
    let began = cluster.now();
    let clients: Vec<_> = (0..plan.clients)
        .map(|_| {
            let (cluster, plan, stop) = (cluster.clone(), plan.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                let mut leader = 0;
                while !stop.load(Ordering::Acquire) {
                    leader = submit(&cluster, leader).unwrap_or(leader);
                    let burst = plan.is_burst(cluster.now().saturating_sub(began));
                    let think = if burst { 1 } else { 2 * plan.think_ms };
                    cluster.sleep(Duration::from_millis(cluster.rand_number(think + 1)));
                }
            })
        })
        .collect();

    let find_leader = |servers: &[usize]| newest_leader(cluster, servers);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    stop.store(true, Ordering::Release);
    for client in clients {
        client.join().expect("a client that fails ends the run");
    }

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

/// The server that leads in the newest term.
fn newest_leader(cluster: &RaftCluster, servers: &[usize]) -> Option<usize> {
    let states = servers.iter().filter_map(|&server| Some((server, cluster.get_state(server)?)));
    states.filter(|(_, state)| state.is_leader).max_by_key(|(_, state)| state.term).map(|(server, _)| server)
}

//! [`storm`]: a test that besieges the key/value service while clients work.

use std::time::Duration;

use labrt::sync::Arc;
use labrt::thread;

use crate::display::{Seconds, Servers};
use crate::key_value::{Client, Rival};
use crate::kvraft::KvServers;
use crate::nemesis::{Family, FaultPlan, Shift, Siege, Workers};
use crate::raft::steering::elect;
use crate::{Case, Cluster};

/// The servers that clients reach while the siege goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Every client reaches all servers.
    All,
    /// Every other client reaches two neighbouring servers.
    Some,
}

/// How long operations may take when all faults have ended: an election, and the pauses of clerks.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a replica may take to answer all gets while it leads.
const ANSWERS: Duration = Duration::from_secs(2);

/// A test of a family of plans.
pub(super) fn storm(name: &'static str, title: &'static str, family: &'static Family, reach: Reach) -> Case {
    let play = move |stage: &crate::Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        crate::kvraft::play(stage, |cluster| besiege(cluster, plan, reliable, reach));
    };
    Case::new(name, "4X", title, &["raft", "kvraft"], play).points(2).besieged(family)
}

/// Clients work while the plan is carried out. Then a majority has to answer, then everyone, and each replica
/// by itself.
fn besiege(cluster: &Cluster<KvServers>, plan: &FaultPlan, reliable: bool, reach: Reach) {
    let _ = cluster.client().get("k0");
    let servers = cluster.n_servers();
    let clients: Arc<[Client<KvServers>]> = (0..plan.clients)
        .map(|number| match reach {
            Reach::Some if number % 2 == 1 => cluster.client_to(&[number % servers, (number + 1) % servers]),
            _ => cluster.client(),
        })
        .collect();
    let theirs = Arc::clone(&clients);
    let workers = Workers::start(cluster, plan, move |shift: &Shift<KvServers>, number| {
        let mut rival = Rival::new(&theirs[number]);
        while shift.goes_on() {
            rival.contend();
            shift.think();
        }
    });
    let find_leader = |servers: &[usize]| cluster.newest_leader(servers);
    let mut siege = Siege::new(cluster, plan, reliable, &find_leader);
    siege.carry_out();
    workers.stop();

    let is_out = |server: &usize| plan.left_out.iter().any(|out| out % servers == *server);
    let healed: Vec<usize> = (0..servers).filter(|server| !is_out(server)).collect();
    expect_answers(cluster, &healed);
    siege.heal_all();
    clients.iter().for_each(Client::connect_all);
    workers.join_within(cluster, PATIENCE);
    expect_answers(cluster, &cluster.everyone());
    ask_each_replica(cluster);
    cluster.check_linearizable();
}

/// Expects these servers to do what a client asks that reaches no other ones.
#[track_caller]
pub(super) fn expect_answers(cluster: &Cluster<KvServers>, servers: &[usize]) {
    let client = cluster.client_to(servers);
    let asking = thread::spawn(move || Rival::new(&client).contend());
    let began = cluster.now();
    while !asking.is_finished() {
        if cluster.now() - began >= PATIENCE {
            cluster.fail(format!(
                "expected {}, a majority that reach one another, to answer a client within {}; saw it wait",
                Servers(servers),
                Seconds(PATIENCE)
            ));
        }
        cluster.sleep(Duration::from_millis(10));
    }
    asking.join().expect("a panic ends the run");
}

/// Has each server lead in turn, and reads all keys from it. So its replica is seen, and not only that of the
/// server which happens to lead.
///
/// A server that is not elected, or deposed at once, is left out: a Raft may have reasons for that.
pub(super) fn ask_each_replica(cluster: &Cluster<KvServers>) {
    for server in 0..cluster.n_servers() {
        let leads = cluster.newest_leader(&cluster.everyone()) == Some(server);
        if !leads && elect(cluster, server).is_none() {
            continue;
        }
        let client = Arc::new(cluster.client_to(&[server]));
        let reader = Arc::clone(&client);
        let reading = thread::spawn(move || {
            for key in Rival::<KvServers>::keys() {
                let _ = reader.get(&key);
            }
        });
        let began = cluster.now();
        while !reading.is_finished() && cluster.now() - began < ANSWERS {
            cluster.sleep(Duration::from_millis(5));
        }
        client.connect_all();
        reading.join().expect("a panic ends the run");
    }
}

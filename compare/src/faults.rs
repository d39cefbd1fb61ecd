//! [`carry_out`]: the faults of a plan, on a cluster.

use tester::Cluster;

use crate::plan::{ALONE_DOWN, Fault, FaultKind};
use crate::servers::Servers;

/// Injects the faults one after the other, and heals them. `target` says which server a fault of the leader
/// is meant for. The first `servers` servers take part; controllers come after them, and are never touched:
/// in a partition they are on the side of the majority.
pub(crate) fn carry_out(
    cluster: &Cluster<Servers>,
    faults: &[Fault],
    servers: usize,
    target: &dyn Fn() -> usize,
) {
    let began = cluster.now();
    for fault in faults {
        cluster.sleep((began + fault.at).saturating_sub(cluster.now()));
        inject(cluster, fault, servers, target());
    }
}

fn inject(cluster: &Cluster<Servers>, fault: &Fault, servers: usize, leader: usize) {
    match fault.kind {
        FaultKind::Nothing => cluster.sleep(fault.lasts),
        FaultKind::LeaderCrashes => crash(cluster, leader, fault.lasts),
        FaultKind::HighestCrashes => crash(cluster, servers - 1, fault.lasts),
        FaultKind::LeaderPauses => {
            cluster.pause(leader);
            cluster.sleep(fault.lasts);
            cluster.resume(leader);
        }
        FaultKind::LeaderInMinority => {
            let minority: Vec<usize> = (0..(servers - 1) / 2).map(|step| (leader + step) % servers).collect();
            let rest: Vec<usize> =
                cluster.everyone().into_iter().filter(|it| !minority.contains(it)).collect();
            cluster.partition(&minority, &rest);
            cluster.sleep(fault.lasts);
            cluster.connect_all();
        }
        FaultKind::MessagesLost => {
            cluster.set_reliable(false);
            cluster.sleep(fault.lasts);
            cluster.set_reliable(true);
        }
        FaultKind::LeaderLeftAlone => {
            let others: Vec<usize> = (0..servers).filter(|server| *server != leader).collect();
            others.iter().for_each(|&server| cluster.pause(server));
            cluster.sleep(fault.lasts);
            cluster.shutdown(leader);
            others.iter().for_each(|&server| cluster.resume(server));
            cluster.sleep(ALONE_DOWN);
            cluster.restart(leader);
        }
    }
}

fn crash(cluster: &Cluster<Servers>, server: usize, down: std::time::Duration) {
    cluster.shutdown(server);
    cluster.sleep(down);
    cluster.restart(server);
}

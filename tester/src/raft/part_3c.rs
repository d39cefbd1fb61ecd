//! Part 3C: persistence (paper §5.4.2 and Figure 2, "persistent state").

use std::collections::HashSet;
use std::time::Duration;

use labapi::LogIndex;
use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;

use super::RaftCluster;
use crate::{Case, Command, ELECTION_TIMEOUT, Retry, Waited};

pub(super) fn cases() -> [Case; 8] {
    [
        Case::raft("persist1_3c", "3C", "Test (3C): basic persistence", persist1_3c).points(3),
        Case::raft("persist2_3c", "3C", "Test (3C): more persistence", persist2_3c).servers(5).points(3),
        Case::raft(
            "persist3_3c",
            "3C",
            "Test (3C): partitioned leader and one follower crash, leader restarts",
            persist3_3c,
        )
        .points(3),
        Case::raft("figure8_3c", "3C", "Test (3C): Figure 8", figure8_3c).servers(5).points(3),
        Case::raft("unreliable_agree_3c", "3C", "Test (3C): unreliable agreement", unreliable_agree_3c)
            .servers(5)
            .unreliable()
            .points(3),
        Case::raft("figure8_unreliable_3c", "3C", "Test (3C): Figure 8 (unreliable)", figure8_unreliable_3c)
            .servers(5)
            .unreliable()
            .points(4),
        Case::raft("reliable_churn_3c", "3C", "Test (3C): churn", churn).servers(5).points(3),
        Case::raft("unreliable_churn_3c", "3C", "Test (3C): unreliable churn", churn)
            .servers(5)
            .unreliable()
            .points(3),
    ]
}

fn persist1_3c(cluster: &RaftCluster) {
    let everyone = cluster.n_servers();
    cluster.one(11, everyone, Retry::Yes);

    // After all crashed at once, do they go on where they were?
    cluster.shutdown_all();
    cluster.start_all();
    cluster.one(12, everyone, Retry::Yes);

    // After a leader crashed and is back?
    let leader = cluster.check_one_leader();
    cluster.shutdown(leader);
    cluster.restart(leader);
    cluster.one(13, everyone, Retry::Yes);

    // A leader that missed an agreement: does it catch up?
    let leader = cluster.check_one_leader();
    cluster.shutdown(leader);
    cluster.one(14, everyone - 1, Retry::Yes);
    cluster.restart(leader);
    cluster.wait(LogIndex(4), everyone, None);

    // A follower that missed one?
    let follower = cluster.after(cluster.check_one_leader(), 1);
    cluster.shutdown(follower);
    cluster.one(15, everyone - 1, Retry::Yes);
    cluster.restart(follower);
    cluster.one(16, everyone, Retry::Yes);
}

fn persist2_3c(cluster: &RaftCluster) {
    let mut next_command = 11;
    let mut agree = |expected| {
        cluster.one(next_command, expected, Retry::Yes);
        next_command += 1;
    };

    for _ in 0..5 {
        agree(5);

        // Two followers crash; the other three agree.
        let leader = cluster.check_one_leader();
        let [one, two, three, four] = [1, 2, 3, 4].map(|distance| cluster.after(leader, distance));
        cluster.shutdown(one);
        cluster.shutdown(two);
        agree(3);

        // Those three crash, too. Two come back that missed it, and after a while one that did not:
        // together they have to remember it.
        for server in [leader, three, four] {
            cluster.shutdown(server);
        }
        cluster.restart(one);
        cluster.restart(two);
        cluster.sleep(ELECTION_TIMEOUT);
        cluster.restart(three);
        agree(3);

        cluster.restart(four);
        cluster.restart(leader);
    }

    cluster.one(1000, 5, Retry::Yes);
}

fn persist3_3c(cluster: &RaftCluster) {
    cluster.one(101, 3, Retry::Yes);

    // One follower is cut off and misses an agreement.
    let leader = cluster.check_one_leader();
    let [follower, cut_off] = [1, 2].map(|distance| cluster.after(leader, distance));
    cluster.disconnect(cut_off);
    cluster.one(102, 2, Retry::Yes);

    // The two that know of it crash, and only the leader comes back to the one that does not.
    cluster.shutdown(leader);
    cluster.shutdown(follower);
    cluster.connect(cut_off);
    cluster.restart(leader);
    cluster.one(103, 2, Retry::Yes);

    cluster.restart(follower);
    cluster.one(104, 3, Retry::Yes);
}

/// A pause between two rounds of Figure 8: mostly too short for an entry to be committed, now and
/// then long enough.
fn figure8_pause(cluster: &RaftCluster) -> Duration {
    if cluster.chance(0.1) { cluster.rand_millis(499) } else { cluster.rand_millis(12) }
}

/// Figure 8 of the paper, many times over: leaders crash soon after they took a command, so that
/// logs are full of entries of older terms, which reach a majority and may still be overwritten. A
/// leader may commit such an entry only along with one of its own term.
fn figure8_3c(cluster: &RaftCluster) {
    let majority = cluster.n_servers() / 2 + 1;
    cluster.one(cluster.rand(), 1, Retry::Yes);

    let mut up = cluster.n_servers();
    for _ in 0..1000 {
        let mut leader = None;
        for server in 0..cluster.n_servers() {
            let command = cluster.rand();
            if cluster.start_on(server, command).is_some() {
                leader = Some(server);
            }
        }
        let pause = figure8_pause(cluster);
        match leader {
            Some(leader) => {
                cluster.shutdown_within(leader, pause);
                up -= 1;
            }
            None => cluster.sleep(pause),
        }
        if up < majority {
            let server = cluster.any_server();
            if cluster.is_crashed(server) {
                cluster.restart(server);
                up += 1;
            }
        }
    }

    // With everyone back, what was committed is still there, and one more command is agreed on.
    for server in 0..cluster.n_servers() {
        if cluster.is_crashed(server) {
            cluster.restart(server);
        }
    }
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
}

fn unreliable_agree_3c(cluster: &RaftCluster) {
    // Messages are lost, and many clients want something at a time. Is everything committed?
    let mut clients = Vec::new();
    for round in 1..50 {
        for client in 0..4 {
            let cluster = cluster.clone();
            clients.push(thread::spawn(move || {
                cluster.one(100 * round + client, 1, Retry::Yes);
            }));
        }
        cluster.one(round, 1, Retry::Yes);
    }

    cluster.set_reliable(true);
    for client in clients {
        client.join().expect("a client that fails ends the run");
    }
    cluster.one(100, cluster.n_servers(), Retry::Yes);
}

/// As [`figure8_3c`], but leaders are cut off instead of crashed, and messages are lost and, from the
/// 200th round on, overtake one another by far.
fn figure8_unreliable_3c(cluster: &RaftCluster) {
    let majority = cluster.n_servers() / 2 + 1;
    let command = || cluster.rand_below(10_000);
    cluster.one(command(), 1, Retry::Yes);

    let mut up = cluster.n_servers();
    for round in 0..1000 {
        if round == 200 {
            cluster.set_long_reordering(true);
        }
        let mut leader = None;
        for server in 0..cluster.n_servers() {
            if cluster.start_on(server, command()).is_some() && cluster.is_connected(server) {
                leader = Some(server);
            }
        }
        cluster.sleep(figure8_pause(cluster));

        if let Some(leader) = leader
            && cluster.chance(0.5)
        {
            cluster.disconnect(leader);
            up -= 1;
        }
        if up < majority {
            let server = cluster.any_server();
            if !cluster.is_connected(server) {
                cluster.connect(server);
                up += 1;
            }
        }
    }

    // With everyone back, and the network no better, is one more command agreed on in time?
    for server in 0..cluster.n_servers() {
        if !cluster.is_connected(server) {
            cluster.connect(server);
        }
    }
    cluster.one(command(), cluster.n_servers(), Retry::Yes);
}

/// Servers come and go while clients submit commands. Nothing that a client saw committed may be
/// lost, whatever crashed since.
fn churn(cluster: &RaftCluster) {
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..3)
        .map(|me| {
            let (cluster, stop) = (cluster.clone(), Arc::clone(&stop));
            thread::spawn(move || churn_client(&cluster, me, &stop))
        })
        .collect();

    for _ in 0..20 {
        if cluster.chance(0.2) {
            cluster.disconnect(cluster.any_server());
        }
        if cluster.chance(0.5) {
            let server = cluster.any_server();
            if cluster.is_crashed(server) {
                cluster.restart(server);
            }
            cluster.connect(server);
        }
        if cluster.chance(0.2) {
            cluster.shutdown_within(cluster.any_server(), Duration::from_millis(20));
        }
        // Long enough to elect a leader now and then, and too short to do so every time.
        cluster.sleep(ELECTION_TIMEOUT * 7 / 10);
    }

    // Everyone is back.
    cluster.sleep(ELECTION_TIMEOUT);
    cluster.set_reliable(true);
    for server in 0..cluster.n_servers() {
        if cluster.is_crashed(server) {
            cluster.restart(server);
        }
        cluster.connect(server);
    }
    stop.store(true, Ordering::SeqCst);
    let mut seen = Vec::new();
    for client in clients {
        seen.extend(client.join().expect("a client that fails ends the run"));
    }
    cluster.sleep(ELECTION_TIMEOUT);

    // Is everything in every log that a client saw committed?
    let last = cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    let mut log = HashSet::new();
    for index in (1..=last.0).map(LogIndex) {
        match cluster.wait(index, cluster.n_servers(), None) {
            Waited::Committed(command) => log.insert(command),
            Waited::TermMoved => unreachable!("no term was named to wait in"),
        };
    }
    for command in &seen {
        if !log.contains(command) {
            cluster.fail(format!(
                "expected command {command}, which a client saw committed, to be in the log; it is at none \
                 of the \
                 indices 1 to {last}"
            ));
        }
    }
}

/// Submits commands to whoever takes them until told to stop; returns those that it saw committed.
fn churn_client(cluster: &RaftCluster, me: u64, stop: &AtomicBool) -> Vec<Command> {
    const PAUSES: [u64; 5] = [10, 20, 50, 100, 200];

    let mut seen = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let command = cluster.rand();
        let mut position = None;
        for server in 0..cluster.n_servers() {
            position = cluster.start_on(server, &command).or(position);
        }
        let Some(position) = position else {
            cluster.sleep(Duration::from_millis(79 + 17 * me));
            continue;
        };
        for pause in PAUSES {
            if let Some(committed) = cluster.n_committed(position.index).command {
                if committed == command {
                    seen.push(command);
                }
                break;
            }
            cluster.sleep(Duration::from_millis(pause));
        }
    }
    seen
}

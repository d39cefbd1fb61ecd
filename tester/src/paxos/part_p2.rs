//! Part P2: a replicated log whose entries are instances of Paxos (*Paxos Made Simple*, §3). The stories are
//! those of a log with a leader; the checks are those of lab 3.

use std::time::Duration;

use labapi::LogIndex;

use super::logs;
use crate::display::Seconds;
use crate::raft::steering::elect;
use crate::raft::{AppliesCommands as _, Command, RaftCluster, Retry, Waited};
use crate::{Case, ELECTION_TIMEOUT};

pub(super) fn cases() -> [Case; 11] {
    [
        case("basic_log_p2", "Test (P2): commands in order", basic_log_p2).servers(3),
        case("phase_one_once_p2", "Test (P2): a leader runs phase 1 once", phase_one_once_p2).servers(3),
        case("leader_crash_p2", "Test (P2): leaders crash", leader_crash_p2),
        case("gaps_p2", "Test (P2): gaps are filled with no-ops", gaps_p2),
        case("missed_commands_p2", "Test (P2): a server that missed much asks", missed_commands_p2),
        case("two_leaders_p2", "Test (P2): a leader that does not know of the next one", two_leaders_p2),
        case("older_entries_p2", "Test (P2): a leader that returns has older entries", older_entries_p2),
        case("crash_all_log_p2", "Test (P2): the log survives crashes of all", crash_all_log_p2),
        case("figure_of_two_p2", "Test (P2): values of minorities are taken up", figure_of_two_p2),
        case("bad_network_log_p2", "Test (P2): late, lost and doubled messages", bad_network_log_p2)
            .unreliable(),
        case("compaction_p2", "Test (P2): snapshots replace the log", compaction_p2)
            .servers(3)
            .with_snapshots(),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&RaftCluster)) -> Case {
    Case::new(name, "P2", title, &["paxos"], move |stage| logs::play(stage, body)).servers(5).points(4)
}

/// Submits so many commands to the server, one after the other, and does not wait.
fn submit(cluster: &RaftCluster, server: usize, many: usize) {
    for _ in 0..many {
        let _ = cluster.start_on(server, cluster.rand());
    }
}

fn basic_log_p2(cluster: &RaftCluster) {
    // The first command has index 1, whatever instances the leader has used for other things.
    for expected in 1..=5 {
        cluster.check_no_agreement(LogIndex(expected));
        cluster.one(cluster.rand(), cluster.n_servers(), Retry::No);
    }

    // Many at once have indices in the order in which they were accepted.
    let leader = cluster.check_one_leader();
    let commands: Vec<Command> = (0..20).map(|_| cluster.rand()).collect();
    let accepted: Vec<_> = commands.iter().filter_map(|command| cluster.start_on(leader, command)).collect();
    for (position, command) in accepted.iter().zip(&commands) {
        let chosen = match cluster.wait(position.index, cluster.n_servers(), Some(position.term)) {
            Waited::Committed(chosen) => chosen,
            Waited::TermMoved => return,
        };
        if chosen != *command {
            cluster.fail(format!("expected command {command} at index {}; saw {chosen}", position.index));
        }
    }
}

fn phase_one_once_p2(cluster: &RaftCluster) {
    /// The time that a message takes.
    const TRANSIT: Duration = Duration::from_millis(50);
    /// Between one round of messages, which is twice that, and two.
    const ONE_ROUND: Duration = Duration::from_millis(160);
    // "Executes phase 1 for infinitely many instances" at once: from then on a command needs phase 2 alone,
    // which is one round of messages.
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    for one in cluster.everyone() {
        for other in one + 1..cluster.n_servers() {
            cluster.set_slow_link(one, other, Some(TRANSIT..=TRANSIT));
        }
    }
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        cluster.sleep(cluster.rand_millis(100));
        let leader = cluster.check_one_leader();
        let began = cluster.now();
        let Some(position) = cluster.start_on(leader, cluster.rand()) else { continue };
        while cluster.protocol().applied(leader) < position.index && cluster.now() - began < ELECTION_TIMEOUT
        {
            cluster.sleep(Duration::from_millis(1));
        }
        fastest = fastest.min(cluster.now() - began);
    }
    if fastest > ONE_ROUND {
        cluster.fail(format!(
            "expected a leader to need phase 2 alone for a command, one round of messages of {}; saw that \
             the fastest of ten commands took {}",
            Seconds(2 * TRANSIT),
            Seconds(fastest)
        ));
    }
}

fn leader_crash_p2(cluster: &RaftCluster) {
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    for _ in 0..6 {
        // A leader crashes in the midst of work. What it has chosen stays, and the next one goes on.
        let leader = cluster.check_one_leader();
        submit(cluster, leader, 5);
        cluster.shutdown_within(leader, cluster.rand_millis(5));
        cluster.one(cluster.rand(), cluster.n_servers() - 1, Retry::Yes);
        cluster.restart(leader);
        cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    }
}

fn gaps_p2(cluster: &RaftCluster) {
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    for round in 0..6 {
        // Of the leader's next proposals some reach nobody and others everybody: messages are lost in the
        // midst, while commands come one by one.
        let leader = cluster.check_one_leader();
        let others: Vec<usize> = (1..5).map(|distance| cluster.after(leader, distance)).collect();
        for number in 0..12 {
            let is_lost = number < 8 && cluster.chance(0.5);
            others.iter().for_each(|&other| cluster.cut_way(leader, other, is_lost));
            submit(cluster, leader, 1);
            cluster.sleep(Duration::from_micros(400));
        }
        // Its ballot ends. Nobody knows the commands of the gaps but itself, and it is down or cut off: the
        // next leader fills them, and what comes after a gap keeps its order and has its index.
        if round % 2 == 0 {
            cluster.shutdown(leader);
        } else {
            cluster.disconnect(leader);
        }
        cluster.open_all_ways();
        cluster.one(cluster.rand(), cluster.n_servers() - 1, Retry::Yes);
        if round % 2 == 0 {
            cluster.restart(leader);
        } else {
            cluster.connect(leader);
        }
        cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    }
}

fn missed_commands_p2(cluster: &RaftCluster) {
    for round in 0..4 {
        cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
        let leader = cluster.check_one_leader();
        let absent = [cluster.after(leader, 1), cluster.after(leader, 2)];
        for server in absent {
            if round % 2 == 0 { cluster.disconnect(server) } else { cluster.shutdown(server) }
        }
        // Forty commands are chosen without them.
        submit(cluster, leader, 40);
        cluster.one(cluster.rand(), 3, Retry::Yes);

        // They are needed for the next ones, and learn all that they have missed.
        for server in absent {
            if round % 2 == 0 { cluster.connect(server) } else { cluster.restart(server) }
        }
        let silent = [cluster.after(leader, 3), cluster.after(leader, 4)];
        silent.iter().for_each(|&server| cluster.disconnect(server));
        cluster.one(cluster.rand(), 3, Retry::Yes);
        silent.iter().for_each(|&server| cluster.connect(server));
    }
}

fn two_leaders_p2(cluster: &RaftCluster) {
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    for _ in 0..4 {
        // A leader is cut off with one other, takes itself for the leader, and accepts commands that no
        // majority hears of.
        let old = cluster.check_one_leader();
        let friend = cluster.after(old, 1);
        let others: Vec<usize> = (2..5).map(|distance| cluster.after(old, distance)).collect();
        cluster.partition(&[old, friend], &others);
        submit(cluster, old, 10);

        // The majority has another leader, with a higher ballot.
        let began = cluster.now();
        while cluster.newest_leader(&others).is_none() && cluster.now() - began < 3 * ELECTION_TIMEOUT {
            cluster.sleep(Duration::from_millis(20));
        }
        if let Some(new) = cluster.newest_leader(&others) {
            submit(cluster, new, 10);
        }
        cluster.sleep(cluster.rand_millis(60));

        // The old one's messages are refused from now on, and its commands are forgotten or taken up.
        cluster.connect_all();
        submit(cluster, old, 5);
        cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    }
}

fn older_entries_p2(cluster: &RaftCluster) {
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    for _ in 0..3 {
        // A leader's commands are accepted by two of five.
        let old = cluster.check_one_leader();
        let [friend, rest @ ..] = [1, 2, 3, 4].map(|distance| cluster.after(old, distance));
        cluster.partition(&[old, friend], &rest);
        submit(cluster, old, 3);

        // The other three have other commands in these instances. That they are chosen is known to their
        // leader alone, when it is cut off with one of them.
        let began = cluster.now();
        while cluster.newest_leader(&rest).is_none() && cluster.now() - began < 3 * ELECTION_TIMEOUT {
            cluster.sleep(Duration::from_millis(20));
        }
        if let Some(new) = cluster.newest_leader(&rest) {
            submit(cluster, new, 3);
            cluster.sleep(Duration::from_millis(5));
            let others: Vec<usize> = rest.into_iter().filter(|&server| server != new).collect();
            cluster.partition(&[old, friend, others[0]], &[new, others[1]]);

            // The old leader leads again. Most of its majority have its commands, in a lower ballot.
            cluster.sleep(Duration::from_millis(150));
            let _ = elect(cluster, old);
            submit(cluster, old, 1);
            cluster.sleep(Duration::from_millis(300));
        }
        cluster.connect_all();
        cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    }
}

fn crash_all_log_p2(cluster: &RaftCluster) {
    let mut chosen = 0;
    for _ in 0..4 {
        // Everybody crashes, sometimes in the midst of something, and is back.
        for _ in 0..3 {
            chosen = cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes).0;
        }
        let leader = cluster.check_one_leader();
        submit(cluster, leader, 3);
        for server in cluster.everyone() {
            cluster.shutdown_within(server, cluster.rand_millis(3));
        }
        cluster.start_all();
        let next = cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
        if next.0 <= chosen {
            cluster.fail(format!(
                "expected the log to go on after index {chosen}, which all servers had applied before they \
                 crashed; saw agreement at index {next}"
            ));
        }
    }
}

fn figure_of_two_p2(cluster: &RaftCluster) {
    // As Raft's Figure 8: a leader gets its values accepted by a minority and crashes, the next one does the
    // same, and one of them comes back. What a majority has accepted once must not be lost.
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    for _ in 0..60 {
        let leader = cluster.newest_leader(&alive(cluster));
        if let Some(leader) = leader {
            submit(cluster, leader, 1);
        }
        let pause = if cluster.chance(0.2) { cluster.rand_millis(500) } else { cluster.rand_millis(8) };
        cluster.sleep(pause);
        if let Some(leader) = leader {
            cluster.shutdown_within(leader, cluster.rand_millis(2));
        }
        let up = alive(cluster);
        if up.len() < 3 {
            let down: Vec<usize> = cluster.everyone().into_iter().filter(|it| !up.contains(it)).collect();
            cluster.restart(down[cluster.rand_count(0, down.len() - 1)]);
        }
    }
    for server in cluster.everyone() {
        if cluster.is_crashed(server) {
            cluster.restart(server);
        }
    }
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
}

fn alive(cluster: &RaftCluster) -> Vec<usize> {
    cluster.everyone().into_iter().filter(|&server| !cluster.is_crashed(server)).collect()
}

fn bad_network_log_p2(cluster: &RaftCluster) {
    cluster.set_long_reordering(true);
    cluster.set_duplicates(0.3, Duration::ZERO..=Duration::from_millis(600));
    for round in 0..6 {
        if let Some(leader) = cluster.newest_leader(&alive(cluster)) {
            submit(cluster, leader, 5);
        }
        let server = cluster.after(round, 0);
        cluster.shutdown_within(server, cluster.rand_millis(200));
        cluster.sleep(cluster.rand_millis(400));
        cluster.restart(server);
    }
    cluster.set_long_reordering(false);
    cluster.sleep(Duration::from_secs(2));
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
}

fn compaction_p2(cluster: &RaftCluster) {
    // The saved log may grow to this size: fifty commands and what belongs to them.
    const MOST: usize = 5000;
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
    for round in 0..6 {
        let leader = cluster.check_one_leader();
        let absent = cluster.after(leader, 1);
        if round % 2 == 0 {
            cluster.disconnect(absent);
        } else {
            cluster.shutdown(absent);
        }
        // The others take snapshots meanwhile, and drop what it has missed.
        submit(cluster, leader, 12);
        cluster.one(cluster.rand(), cluster.n_servers() - 1, Retry::Yes);
        submit(cluster, leader, 12);
        cluster.one(cluster.rand(), cluster.n_servers() - 1, Retry::Yes);
        cluster.check_log_size(MOST);

        // It is sent a snapshot.
        if round % 2 == 0 {
            cluster.connect(absent);
        } else {
            cluster.restart(absent);
        }
        cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
        if round % 3 == 2 {
            cluster.shutdown_all();
            cluster.start_all();
            cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
        }
    }
}

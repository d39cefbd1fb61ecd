//! Part 3B: the log (paper §5.3, and the election restriction of §5.4.1).

use std::time::Duration;

use labapi::{LogIndex, Term};
use labrt::thread;

use super::RaftCluster;
use crate::display::count;
use crate::{Case, Command, ELECTION_TIMEOUT, Retry, Waited};

pub(super) fn cases() -> [Case; 10] {
    [
        Case::raft("basic_agree_3b", "3B", "Test (3B): basic agreement", basic_agree_3b).points(3),
        Case::raft("rpc_bytes_3b", "3B", "Test (3B): RPC byte count", rpc_bytes_3b).points(3),
        Case::raft(
            "follower_failure_3b",
            "3B",
            "Test (3B): test progressive failure of followers",
            follower_failure_3b,
        )
        .points(3),
        Case::raft("leader_failure_3b", "3B", "Test (3B): test failure of leaders", leader_failure_3b)
            .points(3),
        Case::raft("fail_agree_3b", "3B", "Test (3B): agreement after follower reconnects", fail_agree_3b)
            .points(3),
        Case::raft(
            "fail_no_agree_3b",
            "3B",
            "Test (3B): no agreement if too many followers disconnect",
            fail_no_agree_3b,
        )
        .servers(5)
        .points(3),
        Case::raft("concurrent_starts_3b", "3B", "Test (3B): concurrent Start()s", concurrent_starts_3b)
            .points(3),
        Case::raft("rejoin_3b", "3B", "Test (3B): rejoin of partitioned leader", rejoin_3b).points(3),
        Case::raft(
            "backup_3b",
            "3B",
            "Test (3B): leader backs up quickly over incorrect follower logs",
            backup_3b,
        )
        .servers(5)
        .points(3),
        Case::raft("count_3b", "3B", "Test (3B): RPC counts aren't too high", count_3b).points(3),
    ]
}

/// Attempts that [`concurrent_starts_3b`] and [`count_3b`] make in a term that lasts.
const ATTEMPTS: usize = 5;

fn basic_agree_3b(cluster: &RaftCluster) {
    for index in (1..=3).map(LogIndex) {
        // Nobody has submitted anything for this index yet.
        cluster.check_no_agreement(index);

        let agreed = cluster.one(100 * index.0, cluster.n_servers(), Retry::No);
        expect_index(cluster, agreed, index);
    }
}

#[track_caller]
fn expect_index(cluster: &RaftCluster, agreed: LogIndex, expected: LogIndex) {
    if agreed != expected {
        cluster.fail(format!("expected agreement at index {expected}; saw it at index {agreed}"));
    }
}

fn rpc_bytes_3b(cluster: &RaftCluster) {
    const COMMANDS: u64 = 10;
    const COMMAND_BYTES: u64 = 5000;

    let everyone = cluster.n_servers();
    cluster.one(99, everyone, Retry::No);
    let before = cluster.total_bytes();

    for index in (2..2 + COMMANDS).map(LogIndex) {
        let command = cluster.rand_text(COMMAND_BYTES as usize);
        let agreed = cluster.one(command, everyone, Retry::No);
        expect_index(cluster, agreed, index);
    }

    // Each command has to go to the two followers once. One copy more of everything is allowed,
    // and as much again for all else.
    let sent = cluster.total_bytes() - before;
    let most = everyone as u64 * COMMANDS * COMMAND_BYTES + 50_000;
    if sent > most {
        cluster.fail(format!(
            "expected at most {most} bytes of RPCs for {COMMANDS} commands of {COMMAND_BYTES} bytes; saw \
             {sent}"
        ));
    }
}

fn follower_failure_3b(cluster: &RaftCluster) {
    cluster.one(101, cluster.n_servers(), Retry::No);

    // Without one follower, do the leader and the other one go on?
    let leader = cluster.check_one_leader();
    cluster.disconnect(cluster.after(leader, 1));
    cluster.one(102, cluster.n_servers() - 1, Retry::No);
    cluster.sleep(ELECTION_TIMEOUT);
    cluster.one(103, cluster.n_servers() - 1, Retry::No);

    // Without both, the leader may take a command but must not commit it.
    let leader = cluster.check_one_leader();
    cluster.disconnect(cluster.after(leader, 1));
    cluster.disconnect(cluster.after(leader, 2));
    let index = start_on_leader(cluster, leader, 104);
    expect_index(cluster, index, LogIndex(4));
    cluster.sleep(2 * ELECTION_TIMEOUT);
    cluster.check_no_agreement(LogIndex(4));
}

/// Hands a command to a server that must take it, since it leads; returns the index.
#[track_caller]
fn start_on_leader(cluster: &RaftCluster, leader: usize, command: u64) -> LogIndex {
    match cluster.start_on(leader, command) {
        Some(position) => position.index,
        None => cluster.fail(format!(
            "expected server {leader}, the leader, to accept command {command}; it says that it does not lead"
        )),
    }
}

fn leader_failure_3b(cluster: &RaftCluster) {
    cluster.one(101, cluster.n_servers(), Retry::No);

    // Without the first leader, do the others elect one and go on?
    let first = cluster.check_one_leader();
    cluster.disconnect(first);
    cluster.one(102, cluster.n_servers() - 1, Retry::No);
    cluster.sleep(ELECTION_TIMEOUT);
    cluster.one(103, cluster.n_servers() - 1, Retry::No);

    // Without the second as well: whoever takes the command, nobody may commit it.
    let second = cluster.check_one_leader();
    cluster.disconnect(second);
    for server in 0..cluster.n_servers() {
        cluster.start_on(server, 104);
    }
    cluster.sleep(2 * ELECTION_TIMEOUT);
    cluster.check_no_agreement(LogIndex(4));
}

fn fail_agree_3b(cluster: &RaftCluster) {
    cluster.one(101, cluster.n_servers(), Retry::No);

    // A follower is cut off while the others agree.
    let leader = cluster.check_one_leader();
    let follower = cluster.after(leader, 1);
    cluster.disconnect(follower);
    cluster.one(102, cluster.n_servers() - 1, Retry::No);
    cluster.one(103, cluster.n_servers() - 1, Retry::No);
    cluster.sleep(ELECTION_TIMEOUT);
    cluster.one(104, cluster.n_servers() - 1, Retry::No);
    cluster.one(105, cluster.n_servers() - 1, Retry::No);

    // When it is back, does it get what it missed and take part again?
    cluster.connect(follower);
    cluster.one(106, cluster.n_servers(), Retry::Yes);
    cluster.sleep(ELECTION_TIMEOUT);
    cluster.one(107, cluster.n_servers(), Retry::Yes);
}

fn fail_no_agree_3b(cluster: &RaftCluster) {
    cluster.one(10, cluster.n_servers(), Retry::No);

    // Three of five are cut off: the leader takes a command, and nobody may commit it.
    let leader = cluster.check_one_leader();
    let followers = [1, 2, 3].map(|distance| cluster.after(leader, distance));
    for follower in followers {
        cluster.disconnect(follower);
    }
    let index = start_on_leader(cluster, leader, 20);
    expect_index(cluster, index, LogIndex(2));
    cluster.sleep(2 * ELECTION_TIMEOUT);
    cluster.check_no_agreement(index);

    // The three may have elected a leader among themselves, which does not have that command. So
    // the next one goes after it or in its place.
    for follower in followers {
        cluster.connect(follower);
    }
    let leader = cluster.check_one_leader();
    let index = start_on_leader(cluster, leader, 30);
    if index != LogIndex(2) && index != LogIndex(3) {
        cluster
            .fail(format!("expected the leader to put command 30 at index 2 or 3; saw it at index {index}"));
    }
    cluster.one(1000, cluster.n_servers(), Retry::Yes);
}

fn concurrent_starts_3b(cluster: &RaftCluster) {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            // Give the election that was in the way time to end.
            cluster.sleep(Duration::from_secs(3));
        }
        if start_concurrently(cluster).is_some() {
            return;
        }
    }
    term_changed_too_often(cluster);
}

#[track_caller]
fn term_changed_too_often(cluster: &RaftCluster) -> ! {
    cluster.fail(format!(
        "expected a term to last for as long as it takes to agree on a few commands; in {} it did not",
        count(ATTEMPTS, "attempt")
    ))
}

/// Are commands that are submitted to a leader at the same time all committed? `None` if the
/// leader's term ended meanwhile.
#[track_caller]
fn start_concurrently(cluster: &RaftCluster) -> Option<()> {
    const COMMANDS: u64 = 5;

    let leader = cluster.check_one_leader();
    let term = cluster.start_on(leader, 1)?.term;

    let clients: Vec<_> = (0..COMMANDS)
        .map(|client| {
            let cluster = cluster.clone();
            thread::spawn(move || {
                cluster.start_on(leader, 100 + client).filter(|position| position.term == term)
            })
        })
        .collect();
    let positions: Vec<_> = clients
        .into_iter()
        .filter_map(|client| client.join().expect("a client that fails ends the run"))
        .collect();
    if !cluster.all_in_term(term) {
        return None;
    }

    let mut committed = Vec::new();
    for position in positions {
        match cluster.wait(position.index, cluster.n_servers(), Some(term)) {
            Waited::Committed(command) => committed.push(command),
            Waited::TermMoved => return None,
        }
    }
    for command in (0..COMMANDS).map(|client| Command::from(100 + client)) {
        if !committed.contains(&command) {
            cluster.fail(format!(
                "expected command {command}, one of {COMMANDS} submitted to the leader of term {term} at \
                 the same \
                 time, to be committed; saw {committed:?}"
            ));
        }
    }
    Some(())
}

fn rejoin_3b(cluster: &RaftCluster) {
    cluster.one(101, cluster.n_servers(), Retry::Yes);

    // A leader that is cut off takes commands that it cannot commit.
    let first = cluster.check_one_leader();
    cluster.disconnect(first);
    for command in 102..=104 {
        cluster.start_on(first, command);
    }

    // The others go on under a leader of their own.
    cluster.one(103, cluster.n_servers() - 1, Retry::Yes);

    // Now that one is cut off and the first is back: it has to give up what it took, and agree.
    let second = cluster.check_one_leader();
    cluster.disconnect(second);
    cluster.connect(first);
    cluster.one(104, cluster.n_servers() - 1, Retry::Yes);

    // All together again.
    cluster.connect(second);
    cluster.one(105, cluster.n_servers(), Retry::Yes);
}

fn backup_3b(cluster: &RaftCluster) {
    const COMMANDS: usize = 50;
    let majority = cluster.n_servers() / 2 + 1;

    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);

    // The leader and one follower are alone, and take commands that cannot be committed.
    let first = cluster.check_one_leader();
    let partner = cluster.after(first, 1);
    let others = [2, 3, 4].map(|distance| cluster.after(first, distance));
    for server in others {
        cluster.disconnect(server);
    }
    for _ in 0..COMMANDS {
        cluster.start_on(first, cluster.rand());
    }
    cluster.sleep(ELECTION_TIMEOUT / 2);
    cluster.disconnect(first);
    cluster.disconnect(partner);

    // The other three agree on many commands.
    for server in others {
        cluster.connect(server);
    }
    for _ in 0..COMMANDS {
        cluster.one(cluster.rand(), majority, Retry::Yes);
    }

    // Of these, one is cut off too; the leader again takes commands that cannot be committed.
    let second = cluster.check_one_leader();
    let other = if others[0] == second { cluster.after(second, 1) } else { others[0] };
    cluster.disconnect(other);
    for _ in 0..COMMANDS {
        cluster.start_on(second, cluster.rand());
    }
    cluster.sleep(ELECTION_TIMEOUT / 2);

    // Bring back the first leader, its partner and the one just cut off. The last is the only one
    // with the right log, and has to repair two long wrong ones in the time of one agreement.
    for server in 0..cluster.n_servers() {
        cluster.disconnect(server);
    }
    for server in [first, partner, other] {
        cluster.connect(server);
    }
    for _ in 0..COMMANDS {
        cluster.one(cluster.rand(), majority, Retry::Yes);
    }

    // All together again.
    cluster.connect_all();
    cluster.one(cluster.rand(), cluster.n_servers(), Retry::Yes);
}

fn count_3b(cluster: &RaftCluster) {
    // To elect the first leader takes some RPCs, but not many.
    cluster.check_one_leader();
    let election = cluster.rpc_counts();
    if !(1..=30).contains(&election) {
        cluster.fail(format!("expected 1 to 30 RPCs to elect the first leader; saw {election}"));
    }

    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            cluster.sleep(Duration::from_secs(3));
        }
        if let Some(before) = count_agreement(cluster) {
            // A second of idleness costs heartbeats and nothing else.
            cluster.sleep(ELECTION_TIMEOUT);
            let idle = cluster.rpc_counts() - before;
            let most = cluster.n_servers() as u64 * 20;
            if idle > most {
                cluster.fail(format!(
                    "expected at most {most} RPCs in 1 s in which nothing was submitted; saw {idle}"
                ));
            }
            return;
        }
    }
    term_changed_too_often(cluster);
}

/// Does agreement on a dozen commands, submitted in one go, take few RPCs? Returns how many there
/// have been so far, or `None` if the leader's term ended meanwhile.
#[track_caller]
fn count_agreement(cluster: &RaftCluster) -> Option<u64> {
    /// Commands that are waited for.
    const COMMANDS: u64 = 10;

    let leader = cluster.check_one_leader();
    let before = cluster.rpc_counts();
    let first = cluster.start_on(leader, 1)?;
    let term: Term = first.term;

    let mut commands = Vec::new();
    for distance in 1..COMMANDS + 2 {
        let command = cluster.rand_below(1 << 31);
        let position = cluster.start_on(leader, &command).filter(|position| position.term == term)?;
        let expected = LogIndex(first.index.0 + distance);
        if position.index != expected {
            cluster.fail(format!(
                "expected the leader to put its next command at index {expected}; saw it at index {}",
                position.index
            ));
        }
        commands.push((expected, command));
    }

    for (index, command) in &commands[..COMMANDS as usize] {
        match cluster.wait(*index, cluster.n_servers(), Some(term)) {
            Waited::Committed(committed) if committed == *command => {}
            Waited::Committed(other) => cluster.fail(format!(
                "expected command {command} at index {index}, where the leader of term {term} had put it; \
                 saw \
                 command {other}"
            )),
            Waited::TermMoved => return None,
        }
    }

    let after = cluster.rpc_counts();
    if !cluster.all_in_term(term) {
        return None;
    }
    let (spent, most) = (after - before, (COMMANDS + 1 + 3) * 3);
    if spent > most {
        cluster.fail(format!("expected at most {most} RPCs for {} commands; saw {spent}", COMMANDS + 2));
    }
    Some(after)
}

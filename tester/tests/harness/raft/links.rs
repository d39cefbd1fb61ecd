//! Links between servers, shown with a "Raft" that pings all servers when a command is submitted. Its first
//! server leads when three others have answered.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use labapi::{ApplyMsg, Raft, Solution, Started, State, Term};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::thread;
use persister::Persister;
use tester::{Case, RaftCluster, RunOptions, run};

use super::stub::{Partial, Stub};
use crate::expect::expect_pass;

thread_local! {
    /// Pairs of servers of which the first has reached the second.
    static REACHED: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
}

struct Pinger {
    me: usize,
    peers: Vec<ClientEnd>,
    /// The servers that have answered, a bit for each.
    answers: Arc<AtomicUsize>,
}

#[labrpc::service]
impl Pinger {
    fn ping(&self, from: usize) -> (usize, usize) {
        (from, self.me)
    }
}

impl Partial for Pinger {
    fn start(&self, _: Vec<u8>) -> Option<Started> {
        for peer in &self.peers {
            let (peer, me, answers) = (peer.clone(), self.me, Arc::clone(&self.answers));
            thread::spawn(move || {
                if let Some(pair) = peer.ping(&me) {
                    answers.fetch_or(1 << pair.1, Ordering::Relaxed);
                    REACHED.with_borrow_mut(|reached| reached.push(pair));
                }
            });
        }
        None
    }

    fn get_state(&self) -> State {
        let others = self.answers.load(Ordering::Relaxed) & !(1 << self.me);
        State { term: Term(1), is_leader: self.me == 0 && others.count_ones() >= 3 }
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

fn make(peers: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    Arc::new(Stub(Arc::new(Pinger { me, peers, answers: Arc::default() })))
}

/// Has every server ping every server, and returns who reached whom.
fn reached(cluster: &RaftCluster) -> Vec<(usize, usize)> {
    REACHED.with_borrow_mut(Vec::clear);
    for server in 0..cluster.n_servers() {
        cluster.start_on(server, 0);
    }
    // A ping to an unreachable server fails within 7 s.
    cluster.sleep(Duration::from_secs(8));
    let mut reached = REACHED.with_borrow_mut(std::mem::take);
    reached.sort_unstable();
    reached
}

/// Every pair within each group.
fn within(groups: &[&[usize]]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = groups
        .iter()
        .flat_map(|group| group.iter().flat_map(|&from| group.iter().map(move |&to| (from, to))))
        .collect();
    pairs.sort_unstable();
    pairs
}

fn expect_passes(body: fn(&RaftCluster)) {
    let case = Case::raft("links_3a", "3A", "Test (3A): a test of the harness's own", body).servers(5);
    let solution = Solution::new("pinger").with_raft(make);
    let report = run(Box::leak(Box::new(case)), &solution, &RunOptions::new(1));
    expect_pass(&report);
}

#[test]
fn all_are_connected_at_first() {
    expect_passes(|cluster| assert_eq!(reached(cluster), within(&[&[0, 1, 2, 3, 4]])));
}

#[test]
fn a_disconnected_server_reaches_nobody_and_is_reached_by_nobody() {
    expect_passes(|cluster| {
        cluster.disconnect(1);
        assert_eq!(reached(cluster), within(&[&[0, 2, 3, 4]]));
        cluster.disconnect(3);
        // Server 3 is not connected, so server 1 does not reach it.
        cluster.connect(1);
        assert_eq!(reached(cluster), within(&[&[0, 1, 2, 4]]));
        cluster.connect(3);
        assert_eq!(reached(cluster), within(&[&[0, 1, 2, 3, 4]]));
    });
}

#[test]
fn a_restart_brings_back_the_restarted_server_alone() {
    expect_passes(|cluster| {
        cluster.disconnect(1);
        cluster.shutdown(2);
        cluster.shutdown(3);
        assert_eq!(reached(cluster), within(&[&[0, 4]]));
        cluster.restart(2);
        assert_eq!(reached(cluster), within(&[&[0, 2, 4]]));
        cluster.start_all();
        assert_eq!(reached(cluster), within(&[&[0, 1, 2, 3, 4]]));
    });
}

#[test]
fn a_restart_of_a_server_that_is_up_is_a_crash_first() {
    expect_passes(|cluster| {
        cluster.disconnect(4);
        cluster.restart(2);
        assert_eq!(reached(cluster), within(&[&[0, 1, 2, 3]]));
    });
}

#[test]
fn the_halves_of_a_partition_cannot_talk() {
    expect_passes(|cluster| {
        assert_eq!(cluster.make_partition(2), (vec![0, 1, 3], vec![4, 2]));
        assert_eq!(reached(cluster), within(&[&[0, 1, 3], &[2, 4]]));
        // All count as connected, so one server can be brought back to both halves.
        assert!((0..5).all(|server| cluster.is_connected(server)));
        cluster.connect_all();
        assert_eq!(reached(cluster), within(&[&[0, 1, 2, 3, 4]]));
    });
}

#[test]
fn rpcs_are_counted_since_the_server_was_started() {
    expect_passes(|cluster| {
        assert_eq!(cluster.rpc_counts(), 0);
        reached(cluster);
        assert_eq!((cluster.rpc_count(2), cluster.rpc_counts()), (5, 25));
        cluster.restart(2);
        assert_eq!((cluster.rpc_count(2), cluster.rpc_counts()), (0, 20));
    });
}

//! Tests of the tester's Bully tests. The doubles are the reference's nodes with wrong answers: the leader is
//! all that the tester ever asks a node for.

mod fault;
mod injected;
mod verdicts;

use std::sync::Arc;

use labapi::{Bully, Solution};
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;
use labrt::thread;
use labrt::time::Instant;
use tester::{Report, RunOptions, run};

use crate::expect::case;
use fault::{Fault, Situation};

/// The solution with a fault: `solution::<{ Fault::ForgetsLeaderBriefly as u8 }>()`.
fn solution<const FAULT: u8>() -> Solution {
    Solution::new("double").with_bully(make::<FAULT>)
}

/// A node of the reference, and the fault of its answers.
struct Double {
    fault: Fault,
    me: usize,
    node: Arc<dyn Bully>,
    started: Instant,
    /// All leaders that it has followed, in order.
    leaders: Mutex<Vec<usize>>,
}

fn make<const FAULT: u8>(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn Bully> {
    let (fault, started, leaders) = (Fault::of(FAULT), Instant::now(), Mutex::default());
    Arc::new(Double { fault, me, node: ::bully::make(peers, me), started, leaders })
}

impl Bully for Double {
    fn leader(&self) -> Option<usize> {
        let leader = self.node.leader();
        let mut leaders = self.leaders.lock();
        if let Some(leader) = leader
            && leaders.last() != Some(&leader)
        {
            leaders.push(leader);
        }
        let (leaders, age) = (leaders.clone(), self.started.elapsed());
        self.fault.answer(&Situation { me: self.me, leader, leaders, age, test_asks: test_asks() })
    }

    fn kill(&self) {
        self.node.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.node).services()
    }
}

/// Whether the call under way is a test's.
fn test_asks() -> bool {
    thread::current().name() == Some("leader")
}

/// The number of seeds with which wrong nodes are tried.
const RUNS: u64 = 3;

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    run(case(name), &solution::<FAULT>(), &RunOptions::new(seed))
}

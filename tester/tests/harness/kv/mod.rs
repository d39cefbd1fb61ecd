//! Tests of the tester's key/value and rsm tests, against a double that can be told to be wrong.

mod clerk;
mod fault;
mod injected;
mod lock;
mod rsm;
mod server;
mod store;
mod verdicts_2;
mod verdicts_4a;
mod verdicts_4b;
mod verdicts_4c;

use std::sync::Arc;

use labapi::{Clerk, KvRaft, KvSrv, Lock, Replica, ReplicaServer, Rsm, Solution, StateMachine};
use labrpc::{ClientEnd, Service};
use tester::{Report, RunOptions};

use crate::expect::{case, expect_pass};
use fault::Fault;

/// The solution with a fault, on the reference's Raft: `solution::<{ Fault::Slow as u8 }>()`.
fn solution<const FAULT: u8>() -> Solution {
    let kvsrv = KvSrv {
        make_server: make_single::<FAULT>,
        make_clerk: make_clerk_to_one::<FAULT>,
        make_lock: make_lock::<FAULT>,
    };
    let kvraft = KvRaft {
        make_rsm: make_rsm::<FAULT>,
        make_server: make_server::<FAULT>,
        make_clerk: make_clerk::<FAULT>,
    };
    Solution::new("double").with_raft(raft::make).with_kvsrv(kvsrv).with_kvraft(kvraft)
}

fn make_single<const FAULT: u8>() -> Vec<Service> {
    server::make_single(Fault::of(FAULT))
}

fn make_clerk_to_one<const FAULT: u8>(server: ClientEnd) -> Arc<dyn Clerk> {
    clerk::make(Fault::of(FAULT), vec![server])
}

fn make_lock<const FAULT: u8>(clerk: Arc<dyn Clerk>, name: &str) -> Box<dyn Lock> {
    lock::make(Fault::of(FAULT), clerk, name)
}

fn make_rsm<const FAULT: u8>(replica: Replica, machine: Box<dyn StateMachine>) -> Arc<dyn Rsm> {
    rsm::make(Fault::of(FAULT), replica, machine)
}

fn make_server<const FAULT: u8>(replica: Replica) -> Arc<dyn ReplicaServer> {
    server::make_replica(Fault::of(FAULT), replica)
}

fn make_clerk<const FAULT: u8>(servers: Vec<ClientEnd>) -> Arc<dyn Clerk> {
    clerk::make(Fault::of(FAULT), servers)
}

/// The number of seeds with which a wrong solution is tried.
const RUNS: u64 = 3;

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    tester::run(case(name), &solution::<FAULT>(), &RunOptions::new(seed))
}

/// Expects these tests to pass with a right solution.
#[track_caller]
fn expect_right_passes(names: &[&str]) {
    for name in names {
        expect_pass(&report::<{ Fault::None as u8 }>(name, 1));
    }
}

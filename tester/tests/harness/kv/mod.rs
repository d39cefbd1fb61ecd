//! Tests of the tester's key/value and rsm tests, against a solution that can be told to be wrong.

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
use tester::{Case, Report, RunOptions, cases};

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

fn case(name: &str) -> &'static Case {
    cases().iter().find(|case| case.name == name).expect("a test of that name")
}

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    tester::run(case(name), &solution::<FAULT>(), &RunOptions::new(seed))
}

/// Expects a run to fail with this kind, and with all of these pieces in its message.
#[track_caller]
fn expect_failure(report: &Report, kind: &str, pieces: &[&str]) {
    let failure = report.failure.as_ref().expect("the solution is wrong, and passed");
    assert_eq!(failure.kind, kind, "{}", failure.message);
    for piece in pieces {
        assert!(failure.message.contains(piece), "expected `{piece}` in: {}", failure.message);
    }
}

#[track_caller]
fn expect_pass<const FAULT: u8>(name: &str, seed: u64) {
    let report = report::<FAULT>(name, seed);
    assert!(report.passed(), "{name}, seed {seed}: {:?}", report.failure);
}

/// `name: Fault in "test", "kind", "a piece of the message", …`: what happens in each of a few runs.
macro_rules! fails {
    ($name:ident: $fault:ident in $case:literal, $kind:literal, $($piece:literal),+ $(,)?) => {
        #[test]
        fn $name() {
            for seed in 0..3 {
                let report = super::report::<{ super::fault::Fault::$fault as u8 }>($case, seed);
                super::expect_failure(&report, $kind, &[$($piece),+]);
            }
        }
    };
}
use fails;

/// As [`fails`], of what only some runs give an occasion for: what happens in the first of ten that fails.
macro_rules! fails_at_times {
    ($name:ident: $fault:ident in $case:literal, $kind:literal, $($piece:literal),+ $(,)?) => {
        #[test]
        fn $name() {
            let reports = (0..10).map(|seed| super::report::<{ super::fault::Fault::$fault as u8 }>($case, seed));
            let failed = { reports }.find(|report| !report.passed()).expect("one of ten runs to fail");
            super::expect_failure(&failed, $kind, &[$($piece),+]);
        }
    };
}
use fails_at_times;

//! Right nodes with a fault injected at a chosen call, and the checks of the Bully tests, each of which must
//! notice.

use std::sync::Arc;

use labapi::{Bully, Solution};
use labrpc::{ClientEnd, Service};
use tester::Report;

use super::test_asks;
use crate::expect::expect_pass;
use crate::injection::{Injection, Missing};

/// The fault of the nodes, and when it begins.
struct Plan {
    /// From the test's call of this number on, counted over all nodes, nodes tell the test that they know no
    /// leader.
    faulty_from: u32,
    /// The test's calls so far.
    calls: u32,
}

static INJECTION: Injection<Plan> = Injection::new(Plan { faulty_from: u32::MAX, calls: 0 });

struct Wrapped(Arc<dyn Bully>);

fn make(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn Bully> {
    Arc::new(Wrapped(::bully::make(peers, me)))
}

impl Bully for Wrapped {
    fn leader(&self) -> Option<usize> {
        let leader = self.0.leader();
        if !test_asks() {
            return leader;
        }
        let mut plan = INJECTION.plan();
        plan.calls += 1;
        if plan.calls >= plan.faulty_from { None } else { leader }
    }

    fn kill(&self) {
        self.0.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.0).services()
    }
}

/// The run of a test, and the number of the test's calls.
fn run_injected(test: &str, faulty_from: u32) -> (Report, u32) {
    let solution = Solution::new("injected").with_bully(make);
    INJECTION.run(test, &solution, Plan { faulty_from, calls: 0 }, |plan| plan.calls)
}

/// Injects the fault at one call after the other, until each check in the test has been the one that noticed.
fn expect_noticed(name: &'static str) {
    const CHECKS: [&str; 3] = [".wait_for_leader(", ".expect_leader_stays(", ".expect_one_winner("];

    let missing = Missing::new("src/bully/part_b1.rs", name, &CHECKS);
    let (report, calls) = run_injected(name, u32::MAX);
    expect_pass(&report);
    missing.expect_noticed(calls, 1, |call| run_injected(name, call).0);
}

macro_rules! each_check_notices {
    ($($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                expect_noticed(stringify!($name));
            }
        )+

        #[test]
        fn no_test_is_left_out() {
            for case in tester::cases().iter().filter(|case| case.part == "B1") {
                assert!([$(stringify!($name)),+].contains(&case.name), "{}", case.name);
            }
        }
    };
}

each_check_notices!(
    first_election_b1,
    leader_crash_b1,
    highest_returns_b1,
    two_elections_b1,
    late_victory_b1,
    partition_b1,
);

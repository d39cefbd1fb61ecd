//! Right nodes that are spoilt at a chosen moment, and the checks of the Bully tests, each of which must
//! notice.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use labapi::{Bully, Solution};
use labrpc::{ClientEnd, Service};
use parking_lot::Mutex;
use tester::{Report, RunOptions};

use super::{case, test_asks};

/// When the nodes are spoilt.
struct Plan {
    /// From the test's call of this number on, counted over all nodes, the test is told that nobody leads.
    faulty_from: u32,
    /// The test's calls so far.
    calls: u32,
}

/// The one plan of this process: a run cannot be told more than its seed. Whoever runs something holds
/// `TURN`.
static TURN: Mutex<()> = Mutex::new(());
static PLAN: Mutex<Plan> = Mutex::new(Plan { faulty_from: u32::MAX, calls: 0 });

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
        let mut plan = PLAN.lock();
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

/// The run of a test, and how many calls the test made.
fn run_injected(name: &str, faulty_from: u32) -> (Report, u32) {
    let _turn = TURN.lock();
    *PLAN.lock() = Plan { faulty_from, calls: 0 };
    let report = tester::run(case(name), &Solution::new("injected").with_bully(make), &RunOptions::new(1));
    (report, PLAN.lock().calls)
}

/// The line of the test that noticed.
fn line(report: &Report) -> Option<usize> {
    let location = report.failure.as_ref()?.location.as_ref()?;
    location.split("tester/src/bully/part_b1.rs:").nth(1)?.split(':').next()?.parse().ok()
}

/// The lines of a test on which something is checked.
fn lines(function: &str) -> BTreeSet<usize> {
    const CHECKS: [&str; 3] = [".wait_for_leader(", ".expect_leader_stays(", ".expect_one_winner("];

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bully/part_b1.rs");
    let text = fs::read_to_string(file).expect("the part's file");
    let body = text
        .lines()
        .zip(1..)
        .skip_while(|(line, _)| !line.starts_with(&format!("fn {function}(")))
        .take_while(|(line, _)| *line != "}");
    body.filter(|(line, _)| CHECKS.iter().any(|check| line.contains(check)))
        .map(|(_, number)| number)
        .collect()
}

/// Spoils the nodes at one moment after the other, until each check in the test has been the one that
/// noticed.
fn expect_noticed(name: &str) {
    let mut missing = lines(name);
    assert!(!missing.is_empty(), "{name} checks nothing");
    let (report, calls) = run_injected(name, u32::MAX);
    assert!(report.passed(), "{:?}", report.failure);
    let mut notices = |moment| {
        let line = line(&run_injected(name, moment).0);
        missing.remove(&line.unwrap_or_default());
        (moment, line)
    };
    // Between two moments that different checks notice there may be one that another check does.
    let mut spans = vec![(notices(1), notices(calls))];
    while let Some((first, last)) = spans.pop() {
        if first.1 != last.1 && last.0 - first.0 > 1 {
            let middle = notices(first.0.midpoint(last.0));
            spans.extend([(middle, last), (first, middle)]);
        }
    }
    assert!(missing.is_empty(), "whatever was injected, nobody noticed on the lines {missing:?} of {name}");
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

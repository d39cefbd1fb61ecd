//! The reference, with a fault injected at a chosen call, and the checks of the stories of Raft beyond Figure
//! 2, each of which must notice.

use std::sync::Arc;

use labapi::{
    ApplyMsg, ChangeError, Dial, LogIndex, MakeRaftExtended, Membership, Raft, RaftExtended, ReadError,
    Solution, Started, State, TransferError,
};
use labrpc::Service;
use labrt::channel::Sender;
use persister::Persister;
use tester::{Report, cases};

use super::test_asks;
use crate::expect::{case, expect_pass};
use crate::injection::{Injection, Missing};

/// The fault, and the call at which it begins, counted over all servers and calls of the test.
#[derive(Clone, Copy, Debug)]
enum Injected {
    /// Nobody leads, and so nobody begins a change or a transfer.
    NobodyLeads(u32),
    /// Every server tells the test that it leads.
    EverybodyLeads(u32),
    /// No server tells a configuration that anybody has asked for.
    NobodyChanges(u32),
}

static INJECTION: Injection<Plan> =
    Injection::new(Plan { injected: Injected::NobodyLeads(u32::MAX), calls: 0 });

struct Plan {
    injected: Injected,
    /// The test's calls so far.
    calls: u32,
}

struct Wrapped(Arc<dyn RaftExtended>);

const MAKE: MakeRaftExtended = make;

fn make(
    dial: Dial,
    me: usize,
    first: Vec<usize>,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn RaftExtended> {
    Arc::new(Wrapped(::raft_extended::make(dial, me, first, persister, service)))
}

/// The fault that the call under way is to be answered with, if it has begun. Probes are told the truth.
fn injected() -> Option<Injected> {
    if !test_asks() {
        return None;
    }
    let mut plan = INJECTION.plan();
    plan.calls += 1;
    let from = match plan.injected {
        Injected::NobodyLeads(from) | Injected::EverybodyLeads(from) | Injected::NobodyChanges(from) => from,
    };
    (plan.calls >= from).then_some(plan.injected)
}

fn nobody_leads() -> bool {
    matches!(injected(), Some(Injected::NobodyLeads(_)))
}

impl Raft for Wrapped {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        if nobody_leads() { None } else { self.0.start(command) }
    }

    fn get_state(&self) -> State {
        let state = self.0.get_state();
        match injected() {
            Some(Injected::NobodyLeads(_)) => State { is_leader: false, ..state },
            Some(Injected::EverybodyLeads(_)) => State { is_leader: true, ..state },
            _ => state,
        }
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.0.snapshot(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.0.persist_bytes()
    }

    fn kill(&self) {
        self.0.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.0).services()
    }
}

impl RaftExtended for Wrapped {
    fn change_membership(&self, servers: Vec<usize>) -> Result<(), ChangeError> {
        if nobody_leads() { Err(ChangeError::NotLeader) } else { self.0.change_membership(servers) }
    }

    fn membership(&self) -> Membership {
        let membership = self.0.membership();
        match injected() {
            Some(Injected::NobodyChanges(_)) => Membership { incoming: Some(Vec::new()), ..membership },
            _ => membership,
        }
    }

    fn read_index(&self) -> Result<LogIndex, ReadError> {
        self.0.read_index()
    }

    fn lease_read(&self) -> Result<LogIndex, ReadError> {
        self.0.lease_read()
    }

    fn transfer_leadership(&self, to: usize) -> Result<(), TransferError> {
        if nobody_leads() { Err(TransferError::NotLeader) } else { self.0.transfer_leadership(to) }
    }
}

/// The run of a test, and the number of the test's calls.
fn run_injected(test: &str, injected: Injected) -> (Report, u32) {
    let solution = Solution::new("injected").with(&[("raft_extended", &MAKE)]);
    INJECTION.run(test, &solution, Plan { injected, calls: 0 }, |plan| plan.calls)
}

/// Injects a fault at one call after the other, until each of `checks` in the test has been the one that
/// noticed.
fn expect_noticed(name: &'static str, checks: &[&str], inject: fn(u32) -> Injected) {
    /// The number of calls that are tried one by one.
    const ONE_BY_ONE: u32 = 30;

    let file = match case(name).part {
        "3E" => "src/raft_extended/part_3e.rs",
        "3F" => "src/raft_extended/part_3f.rs",
        "3G" => "src/raft_extended/part_3g.rs",
        _ => "src/raft_extended/part_3h.rs",
    };
    let missing = Missing::new(file, name, checks);
    let (report, calls) = run_injected(name, inject(u32::MAX));
    expect_pass(&report);
    missing.expect_noticed(calls, ONE_BY_ONE, |call| run_injected(name, inject(call)).0);
}

/// Calls that fail when nobody leads.
const NEED_A_LEADER: [&str; 8] = [
    "check_one_leader()",
    ".roles",
    ".one(",
    ".change_to(",
    ".begin_change(",
    ".begin_transfer(",
    ".expect_takes_over(",
    ".expect_leads_on(",
];

macro_rules! each_check_notices {
    ($($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                expect_noticed(stringify!($name), &NEED_A_LEADER, Injected::NobodyLeads);
            }
        )+

        #[test]
        fn no_test_is_left_out() {
            let is_story = |case: &&tester::Case| case.needs == ["raft_extended"] && !case.adversarial;
            for case in cases().iter().filter(is_story) {
                assert!([$(stringify!($name)),+].contains(&case.name), "{}", case.name);
            }
        }
    };
}

each_check_notices!(
    grow_3e,
    shrink_3e,
    replace_3e,
    refusals_3e,
    catch_up_3e,
    late_servers_3e,
    old_majority_3e,
    new_majority_3e,
    leader_crash_3e,
    undone_3e,
    removed_3e,
    elections_3f,
    isolated_3f,
    returning_3f,
    broken_link_3f,
    behind_3f,
    cut_off_3f,
    minority_3f,
    majority_3f,
    reads_3g,
    deposed_3g,
    new_leader_3g,
    lease_3g,
    lease_ends_3g,
    restart_3g,
    skewed_clock_3g,
    transfer_3h,
    behind_3h,
    no_commands_3h,
    abort_3h,
    refusals_3h,
    lease_3h,
    leaving_3h,
);

#[test]
fn leaders_that_do_not_stop_are_noticed() {
    for name in ["shrink_3e", "cut_off_3f", "minority_3f"] {
        expect_noticed(name, &[".expect_stops_leading("], Injected::EverybodyLeads);
    }
    expect_noticed("grow_3e", &[".check_no_leader()"], Injected::EverybodyLeads);
}

#[test]
fn changes_that_nobody_learns_of_are_noticed() {
    for name in ["shrink_3e", "late_servers_3e", "undone_3e", "leaving_3h"] {
        expect_noticed(name, &[".wait_for_membership("], Injected::NobodyChanges);
    }
}

//! The reference, with a fault injected at a chosen call, and the checks of the course's Raft tests, each of
//! which must notice.

use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Receiver, Sender};
use labrt::thread;
use persister::Persister;
use tester::{Report, cases};

use crate::expect::{case, expect_failure, expect_pass};
use crate::injection::{Injection, Missing};

/// The fault, and the call at which it begins.
#[derive(Clone, Copy, Debug)]
enum Injected {
    /// From the test's call of this number on, counted over all servers, nobody leads.
    NobodyLeads(u32),
    /// From that call on server 2 is in a term one higher.
    TermsDiffer(u32),
    /// From that call on every server tells the test that it leads.
    EverybodyLeads(u32),
    /// From that call on a leader delivers each command as soon as it accepts it.
    NobodyIsAsked(u32),
    /// From the instance of this number on, counted over all servers, nothing is delivered.
    NothingDelivered(u32),
}

static INJECTION: Injection<Plan> =
    Injection::new(Plan { injected: Injected::NobodyLeads(u32::MAX), calls: 0, instances: 0 });

struct Plan {
    injected: Injected,
    /// The test's calls, and the instances of all servers, so far.
    calls: u32,
    instances: u32,
}

struct Wrapped {
    me: usize,
    raft: Arc<dyn Raft>,
    service: Sender<ApplyMsg>,
    /// The channel of an instance that delivers nothing.
    _unread: Option<Receiver<ApplyMsg>>,
}

fn make(peers: Vec<ClientEnd>, me: usize, persister: Persister, service: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let mut plan = INJECTION.plan();
    plan.instances += 1;
    let silent = matches!(plan.injected, Injected::NothingDelivered(from) if plan.instances >= from);
    drop(plan);
    let (service, unread) = if silent {
        let (nowhere, unread) = channel::bounded(0);
        (nowhere, Some(unread))
    } else {
        (service, None)
    };
    let raft = raft::make(peers, me, persister, service.clone());
    Arc::new(Wrapped { me, raft, service, _unread: unread })
}

/// The fault that the call under way is to be answered with, if it has begun.
fn injected() -> Option<Injected> {
    let is_tests_own = matches!(thread::current().name(), Some("start" | "get_state"));
    let mut plan = INJECTION.plan();
    plan.calls += u32::from(is_tests_own);
    match plan.injected {
        Injected::NobodyLeads(from) | Injected::TermsDiffer(from) | Injected::NobodyIsAsked(from) => {
            plan.calls >= from
        }
        Injected::EverybodyLeads(from) => plan.calls >= from && is_tests_own,
        Injected::NothingDelivered(_) => false,
    }
    .then_some(plan.injected)
}

impl Raft for Wrapped {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        let injected = injected();
        if matches!(injected, Some(Injected::NobodyLeads(_))) {
            return None;
        }
        let position = self.raft.start(command.clone())?;
        if matches!(injected, Some(Injected::NobodyIsAsked(_))) {
            // An error means that the server is going down.
            let _ = self.service.send(ApplyMsg::Command { index: position.index, command });
        }
        Some(position)
    }

    fn get_state(&self) -> State {
        let injected = injected();
        let state = self.raft.get_state();
        match injected {
            Some(Injected::NobodyLeads(_)) => State { is_leader: false, ..state },
            Some(Injected::EverybodyLeads(_)) => State { is_leader: true, ..state },
            Some(Injected::TermsDiffer(_)) if self.me == 2 => State { term: Term(state.term.0 + 1), ..state },
            _ => state,
        }
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.raft.snapshot(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.raft.persist_bytes()
    }

    fn kill(&self) {
        self.raft.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.raft).services()
    }
}

/// The run of a test, and the number of the test's calls or of the instances, whichever is larger.
fn run_injected(test: &str, injected: Injected) -> (Report, u32) {
    let plan = Plan { injected, calls: 0, instances: 0 };
    let solution = Solution::new("injected").with_raft(make);
    INJECTION.run(test, &solution, plan, |plan| plan.calls.max(plan.instances))
}

/// Calls that fail when nobody leads.
const NEED_A_LEADER: [&str; 5] =
    ["check_one_leader()", ".one(", "= start_on_leader(", " start_concurrently(", " count_agreement("];

/// Injects a fault at one call after the other, until each of `checks` in the test has been the one that
/// noticed.
fn expect_noticed(name: &str, function: &'static str, checks: &[&str], inject: fn(u32) -> Injected) {
    /// The number of calls that are tried one by one: a round of the loops in the tests takes fewer.
    const ONE_BY_ONE: u32 = 60;

    let file = match case(name).part {
        "3A" => "src/raft/part_3a.rs",
        "3B" => "src/raft/part_3b.rs",
        "3C" => "src/raft/part_3c.rs",
        _ => "src/raft/part_3d.rs",
    };
    let missing = Missing::new(file, function, checks);
    let (report, calls) = run_injected(name, inject(u32::MAX));
    expect_pass(&report);
    missing.expect_noticed(calls, ONE_BY_ONE, |call| run_injected(name, inject(call)).0);
}

/// Tests with the same body as another one, on another network or without a fault.
const SAME_BODY: [&str; 4] = [
    "unreliable_churn_3c",
    "snapshot_basic_3d",
    "snapshot_install_unreliable_3d",
    "snapshot_install_un_crash_3d",
];

macro_rules! each_check_notices {
    ($($name:ident: $function:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                let (test, function) = (stringify!($name), stringify!($function));
                expect_noticed(test, function, &NEED_A_LEADER, Injected::NobodyLeads);
            }
        )+

        #[test]
        fn no_test_is_left_out() {
            let is_story = |case: &&tester::Case| case.needs == ["raft"] && !case.adversarial;
            for case in cases().iter().filter(is_story) {
                let has_its_turn = [$(stringify!($name)),+].contains(&case.name);
                assert_ne!(has_its_turn, SAME_BODY.contains(&case.name), "{}", case.name);
            }
        }
    };
}

each_check_notices!(
    initial_election_3a: initial_election_3a,
    re_election_3a: re_election_3a,
    many_elections_3a: many_elections_3a,
    basic_agree_3b: basic_agree_3b,
    rpc_bytes_3b: rpc_bytes_3b,
    follower_failure_3b: follower_failure_3b,
    leader_failure_3b: leader_failure_3b,
    fail_agree_3b: fail_agree_3b,
    fail_no_agree_3b: fail_no_agree_3b,
    concurrent_starts_3b: concurrent_starts_3b,
    rejoin_3b: rejoin_3b,
    backup_3b: backup_3b,
    count_3b: count_3b,
    persist1_3c: persist1_3c,
    persist2_3c: persist2_3c,
    persist3_3c: persist3_3c,
    figure8_3c: figure8_3c,
    unreliable_agree_3c: unreliable_agree_3c,
    figure8_unreliable_3c: figure8_unreliable_3c,
    reliable_churn_3c: churn,
    snapshot_install_3d: snapshots,
    snapshot_install_crash_3d: snapshots,
    snapshot_all_crash_3d: snapshot_all_crash_3d,
    snapshot_init_3d: snapshot_init_3d,
);

/// Tests of part 3X begin and end with an agreement, whatever else they do. Some expect a leader first.
#[test]
fn adversarial_tests_notice_when_nobody_leads() {
    for case in cases().iter().filter(|case| case.part == "3X") {
        let (report, calls) = run_injected(case.name, Injected::NobodyLeads(u32::MAX));
        expect_pass(&report);
        for from in [1, calls - calls / 8] {
            let (report, _) = run_injected(case.name, Injected::NobodyLeads(from));
            expect_failure(&report, "assertion", &["expected "]);
            let message = &report.failure.as_ref().expect("it is expected").message;
            let of_agreement = ["to apply command", "no connected server leads"];
            let of_election = ["to be elected within", "saw no leader"];
            let of_one_leader = ["expected one leader", "saw none"];
            let says = |pieces: [&str; 2]| pieces.iter().all(|piece| message.contains(piece));
            let is_said = says(of_agreement) || says(of_election) || says(of_one_leader);
            assert!(is_said, "{}: {message}", case.name);
        }
    }
}

#[test]
fn terms_that_differ() {
    expect_noticed("initial_election_3a", "initial_election_3a", &["check_terms()"], Injected::TermsDiffer);
}

#[test]
fn a_leader_without_a_majority() {
    expect_noticed("re_election_3a", "re_election_3a", &["check_no_leader()"], Injected::EverybodyLeads);
}

#[test]
fn an_instance_that_delivers_nothing() {
    expect_noticed("persist1_3c", "persist1_3c", &[".wait("], Injected::NothingDelivered);
}

/// Before the test checks that there is no agreement without a majority, an invariant objects.
#[test]
fn agreement_of_one() {
    for test in ["follower_failure_3b", "leader_failure_3b", "fail_no_agree_3b"] {
        let (report, _) = run_injected(test, Injected::NobodyIsAsked(1));
        expect_failure(&report, "assertion", &["has reached no other server"]);
    }
}

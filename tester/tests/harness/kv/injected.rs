//! A right double with a fault injected at a chosen operation, and the checks of the tests of labs 2 and 4,
//! each of which must notice.

use labapi::{PutError, Raft, Version, Versioned};
use tester::Report;

use super::fault::Fault;
use super::solution;
use crate::expect::expect_pass;
use crate::injection::{Injection, Missing};

/// The fault, and the operation at which it begins. Gets, puts and submits are counted over all clients, from
/// 1.
#[derive(Clone, Copy, Debug)]
enum Injected {
    /// No fault.
    Nothing,
    /// The get of this number returns another value.
    Get(u32),
    /// The get of this number returns the result of the one before.
    OldGet(u32),
    /// The get of this number returns no value.
    NoGet(u32),
    /// The put of this number gets a wrong answer: that there is no such key if it was done, and that it was
    /// done if not.
    Put(u32),
    /// The put of this number is not done, and answered as if it were.
    Dropped(u32),
    /// From the put of this number on nothing is put, and keys do not exist.
    Puts(u32),
    /// The put of this number is done, and refused for its version.
    DoneAndRefused(u32),
    /// From the submit of this number on nobody leads.
    Submits(u32),
    /// From the submit of this number on, only a server that leads executes requests.
    Followers(u32),
    /// From the submit of this number on, a server that has led before, and does not lead now, executes
    /// nothing.
    Deposed(u32),
}

struct Plan {
    injected: Injected,
    gets: u32,
    puts: u32,
    submits: u32,
    /// The result of the last get.
    last: Option<Versioned>,
}

static INJECTION: Injection<Plan> = Injection::new(Plan::of(Injected::Nothing));

impl Plan {
    const fn of(injected: Injected) -> Self {
        Self { injected, gets: 0, puts: 0, submits: 0, last: None }
    }
}

/// The result of a get.
pub fn get(answer: Option<Versioned>) -> Option<Versioned> {
    let mut plan = INJECTION.plan();
    plan.gets += 1;
    let last = std::mem::replace(&mut plan.last, answer.clone());
    match plan.injected {
        Injected::OldGet(number) if number == plan.gets => last.or(answer),
        Injected::NoGet(number) if number == plan.gets => None,
        Injected::Get(number) if number == plan.gets => {
            let mut found = answer.unwrap_or(Versioned { value: String::new(), version: Version(7) });
            found.value.push('!');
            Some(found)
        }
        _ => answer,
    }
}

/// The answer to the next put over `version` if it is not to be done at all. Counts it.
pub fn lost_put(version: Version) -> Option<Result<(), PutError>> {
    let mut plan = INJECTION.plan();
    plan.puts += 1;
    match plan.injected {
        Injected::Puts(from) if plan.puts >= from && version == Version(0) => Some(Err(PutError::Maybe)),
        Injected::Puts(from) if plan.puts >= from => Some(Err(PutError::NoKey)),
        Injected::Dropped(number) if plan.puts == number => Some(Ok(())),
        _ => None,
    }
}

/// The answer to the put that was counted last.
pub fn put(answer: Result<(), PutError>) -> Result<(), PutError> {
    let plan = INJECTION.plan();
    match plan.injected {
        Injected::Put(number) if number == plan.puts => {
            if answer.is_ok() {
                Err(PutError::NoKey)
            } else {
                Ok(())
            }
        }
        Injected::DoneAndRefused(number) if number == plan.puts && answer.is_ok() => Err(PutError::Version),
        _ => answer,
    }
}

/// Whether a submit is refused. Counts it.
pub fn is_submit_refused() -> bool {
    let mut plan = INJECTION.plan();
    plan.submits += 1;
    matches!(plan.injected, Injected::Submits(from) if plan.submits >= from)
}

/// Whether a replica over this Raft, which has led or not, executes requests.
pub fn is_applied(raft: &dyn Raft, has_led: bool) -> bool {
    let plan = INJECTION.plan();
    let must_lead = match plan.injected {
        Injected::Followers(from) => plan.submits >= from,
        Injected::Deposed(from) => plan.submits >= from && has_led,
        _ => false,
    };
    drop(plan);
    !must_lead || raft.get_state().is_leader
}

impl Injected {
    /// The count in `plan` to which its number refers.
    fn counted(self, plan: &Plan) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Get(_) | Self::OldGet(_) | Self::NoGet(_) => plan.gets,
            Self::Put(_) | Self::Dropped(_) | Self::Puts(_) | Self::DoneAndRefused(_) => plan.puts,
            Self::Submits(_) | Self::Followers(_) | Self::Deposed(_) => plan.submits,
        }
    }
}

/// The run of a test, and the largest of the counts in `counted`.
fn run(name: &str, injected: Injected, counted: &[fn(u32) -> Injected]) -> (Report, u32) {
    let solution = solution::<{ Fault::Injected as u8 }>();
    INJECTION.run(name, &solution, Plan::of(injected), |plan| {
        counted.iter().map(|inject| inject(0).counted(plan)).max().unwrap_or_default()
    })
}

/// Injects faults at one operation after the other, until each of `checks` in the function has been the one
/// that noticed.
fn expect_noticed(
    name: &str,
    (file, function): (&'static str, &'static str),
    checks: &[&str],
    faults: &[fn(u32) -> Injected],
) {
    /// The number of operations from each end: those between are similar, and would take a minute.
    const ENDS: u32 = 60;

    let mut missing = Missing::new(file, function, checks);
    let (report, operations) = run(name, Injected::Nothing, faults);
    expect_pass(&report);
    for step in 0..operations.div_ceil(2).min(ENDS) {
        for operation in [1 + step, operations - step] {
            for inject in faults {
                missing.note(&run(name, inject(operation), &[]).0);
                if missing.is_empty() {
                    return;
                }
            }
        }
    }
    missing.fail();
}

macro_rules! each_check_notices {
    ($(
        $name:ident: $test:literal, $file:literal $function:literal, [$($check:literal),+],
        $($injected:ident)+;
    )+) => {
        $(
            #[test]
            fn $name() {
                expect_noticed($test, ($file, $function), &[$($check),+], &[$(Injected::$injected),+]);
            }
        )+
    };
}

each_check_notices!(
    puts_of_reliable_put: "reliable_put_2a", "src/kvsrv/part_2a.rs" "reliable_put_2a", ["expect_put("], Put;
    gets_of_reliable_put: "reliable_put_2a", "src/kvsrv/part_2a.rs" "reliable_put_2a",
        ["check_get(", "cluster.fail("], Get;
    puts_of_put_concurrent: "put_concurrent_reliable_2a", "src/kvsrv/part_2a.rs" "put_concurrent_reliable_2a",
        ["check_put_concurrent("], Dropped;
    history_of_put_concurrent: "put_concurrent_reliable_2a",
        "src/kvsrv/part_2a.rs" "put_concurrent_reliable_2a",
        ["check_linearizable("], OldGet;
    gets_of_unreliable_net: "unreliable_net_2a", "src/kvsrv/part_2a.rs" "unreliable_net_2a", ["check_get("],
        Get;
    history_of_unreliable_net: "unreliable_net_2a", "src/kvsrv/part_2a.rs" "unreliable_net_2a",
        ["check_linearizable("], DoneAndRefused;
    history_of_locks: "many_clients_reliable_2b", "src/kvsrv/part_2b.rs" "clients_take_turns",
        ["check_linearizable("], DoneAndRefused;

    puts_of_locks: "many_clients_reliable_2b", "src/kvsrv/part_2b.rs" "take_turn", ["write("], Put;
    gets_of_locks: "many_clients_reliable_2b", "src/kvsrv/part_2b.rs" "take_turn", ["get_existing("], NoGet;
    last_get_of_locks: "many_clients_reliable_2b", "src/kvsrv/part_2b.rs" "clients_take_turns",
        ["get_existing("], NoGet;

    submits_of_basic: "basic_4a", "src/kvraft/rsm/part_4a.rs" "basic_4a", [".inc_to("], Submits;
    counters_of_basic: "basic_4a", "src/kvraft/rsm/part_4a.rs" "basic_4a", [".check_counter("], Followers;
    counters_of_concurrent: "concurrent_4a", "src/kvraft/rsm/part_4a.rs" "concurrent_4a", [".check_counter("],
        Followers;
    submits_of_leader_failure: "leader_failure_4a", "src/kvraft/rsm/part_4a.rs" "leader_failure_4a",
        [".inc()"], Submits;
    counters_of_leader_failure: "leader_failure_4a", "src/kvraft/rsm/part_4a.rs" "leader_failure_4a",
        [".check_counter("], Followers Deposed;
    submits_of_leader_partition: "leader_partition_4a", "src/kvraft/rsm/part_4a.rs" "leader_partition_4a",
        [".inc()", ".inc_among("], Submits;
    counters_of_leader_partition: "leader_partition_4a", "src/kvraft/rsm/part_4a.rs" "leader_partition_4a",
        [".check_counter("], Followers;
    counters_of_restart_replay: "restart_replay_4a", "src/kvraft/rsm/part_4a.rs" "restart_replay_4a",
        [".check_counter("], Followers;
    submits_of_restarts: "restart_replay_4a", "src/kvraft/rsm/part_4a.rs" "count_to_100_and_restart",
        [".inc_to("], Submits;
    counters_of_restarts: "restart_replay_4a", "src/kvraft/rsm/part_4a.rs" "count_to_100_and_restart",
        [".check_counter("], Followers;
    submits_of_shutdown: "shutdown_4a", "src/kvraft/rsm/part_4a.rs" "shutdown_4a", [".inc()"], Submits;
    submits_of_restart_submit: "restart_submit_4a", "src/kvraft/rsm/part_4a.rs" "restart_submit_4a",
        [".inc()"], Submits;
    counters_of_restart_submit: "restart_submit_4a", "src/kvraft/rsm/part_4a.rs" "restart_submit_4a",
        [".check_counter("], Followers;
    submits_of_snapshot: "snapshot_4c", "src/kvraft/rsm/part_4c.rs" "snapshot_4c", [".inc()"], Submits;
    counters_of_snapshot: "snapshot_4c", "src/kvraft/rsm/part_4c.rs" "snapshot_4c", [".check_counter("],
        Followers;

    puts_of_generic: "basic_4b", "src/key_value/concurrent_puts.rs" "keep_putting", ["one_put("], Put;
    count_of_generic: "persist_one_client_4b", "src/kvraft/generic.rs" "play", ["check_put_concurrent("],
        Dropped;
    history_of_generic: "basic_4b", "src/kvraft/generic.rs" "play", ["check_linearizable("], OldGet;
    last_get_of_speed: "speed_4b", "src/kvraft/generic.rs" "speed", ["check_get("], Get;
    history_of_speed: "speed_4b", "src/kvraft/generic.rs" "speed", ["check_linearizable("], Get;
    gets_of_one_partition: "one_partition_4b", "src/kvraft/part_4b.rs" "one_partition_4b", ["check_get("],
        Get;
    puts_of_one_partition: "one_partition_4b", "src/kvraft/part_4b.rs" "one_partition_4b",
        ["put_at_least_once("], Puts;
    history_of_one_partition: "one_partition_4b", "src/kvraft/part_4b.rs" "one_partition_4b",
        ["check_linearizable("], DoneAndRefused;
    gets_of_snapshot_rpc: "snapshot_rpc_4c", "src/kvraft/part_4c.rs" "snapshot_rpc_4c", ["check_get("], Get;
    puts_of_snapshot_rpc: "snapshot_rpc_4c", "src/kvraft/part_4c.rs" "snapshot_rpc_4c",
        ["put_at_least_once("], Puts;
    history_of_snapshot_rpc: "snapshot_rpc_4c", "src/kvraft/part_4c.rs" "snapshot_rpc_4c",
        ["check_linearizable("], DoneAndRefused;
    gets_of_snapshot_size: "snapshot_size_4c", "src/kvraft/part_4c.rs" "snapshot_size_4c", ["check_get("],
        Get;
    puts_of_snapshot_size: "snapshot_size_4c", "src/kvraft/part_4c.rs" "snapshot_size_4c",
        ["put_at_least_once("], Puts;
    history_of_snapshot_size: "snapshot_size_4c", "src/kvraft/part_4c.rs" "snapshot_size_4c",
        ["check_linearizable("], DoneAndRefused;
);

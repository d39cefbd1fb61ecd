//! A correct solution passes; a wrong one fails with the right message.

use tester::{RunOptions, run};

use super::double::solution;
use super::fault::Fault;
use super::{RUNS, report};
use crate::expect::{case, expect_pass, fails};

#[test]
fn a_right_solution_passes_what_has_no_partitions() {
    for name in [
        "initial_election_3a",
        "basic_agree_3b",
        "rpc_bytes_3b",
        "concurrent_starts_3b",
        "count_3b",
        "persist1_3c",
        "persist2_3c",
        "figure8_3c",
        "unreliable_agree_3c",
        "snapshot_basic_3d",
        "snapshot_install_crash_3d",
        "snapshot_all_crash_3d",
        "snapshot_init_3d",
    ] {
        for seed in 0..RUNS {
            expect_pass(&report::<{ Fault::None as u8 }>(name, seed));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run_recorded_or_not() {
    let solution = solution::<{ Fault::None as u8 }>();
    for name in ["basic_agree_3b", "figure8_3c", "snapshot_all_crash_3d"] {
        let run = |seed, record| run(case(name), &solution, &RunOptions { record, ..RunOptions::new(seed) });
        let first = run(7, false);
        let recorded = run(7, true);
        assert_eq!(first.fingerprint, run(7, false).fingerprint, "{name}");
        assert_eq!(first.fingerprint, recorded.fingerprint, "{name}, recorded");
        assert!(first.log.is_empty() && !recorded.log.is_empty(), "{name}");
        assert_ne!(first.fingerprint, run(8, false).fingerprint, "{name}, another seed");
    }
}

#[test]
fn figures_are_those_of_the_test() {
    let report = report::<{ Fault::None as u8 }>("basic_agree_3b", 3);
    assert_eq!((report.peers, report.commands, report.reliable), (3, 3, true));
    assert!((0.3..2.0).contains(&report.virtual_seconds), "{}", report.virtual_seconds);
}

fails!(no_leader_is_missed: NeverElects in "initial_election_3a", "assertion",
    "expected one leader among servers 0, 1, 2; saw none in 10 rounds (", "terms 0, 0, 0");

fails!(nobody_accepts_commands: NeverElects in "basic_agree_3b", "assertion",
    "expected 3 servers to apply command 100 within 10.000 s; it was accepted 0 times",
    "no connected server leads: server 0 is in term 0, server 1 is in term 0");

fails!(two_leaders_in_a_term: TwoLeaders in "initial_election_3a", "assertion",
    "expected at most one leader in term 1; saw server ", " lead it at ");

fails!(two_leaders_between_two_queries_of_the_test: TwoLeadersForAMoment in "initial_election_3a",
    "assertion",
    "expected at most one leader in term 1; saw server 0 lead it at ", " and server 1 at 1.2");

fails!(a_term_goes_back: TermGoesBack in "initial_election_3a", "assertion",
    "never to go back in term; saw term 0 after term 1");

fails!(a_term_goes_back_between_the_probes: TermGoesBackForTheTest in "initial_election_3a", "assertion",
    "expected server 0 never to go back in term; saw term 0 after term 1");

fails!(a_term_goes_back_between_two_queries_of_the_test: TermGoesBackForAMoment in "initial_election_3a",
    "assertion",
    "never to go back in term; saw term 0 after term 1");

fails!(two_servers_take_commands_in_a_term: TwoAccept in "basic_agree_3b", "assertion",
    "expected at most one leader in term 1; saw server 0 lead it at ", " and server 1 at ");

fails!(a_leader_in_term_zero: TermZero in "initial_election_3a", "assertion",
    "expected a leader's term to be at least 1; saw all servers in term 0");

#[test]
fn a_needless_change_of_term_is_warned_of() {
    let report = report::<{ Fault::TermGoesUp as u8 }>("initial_election_3a", 0);
    expect_pass(&report);
    assert_eq!(report.warnings, ["the term went from 1 to 2 although nothing had failed"]);
}

fails!(a_term_is_forgotten_in_a_crash: ForgetsTerm in "persist1_3c", "assertion",
    "expected server 0 (incarnation 2) to remember after its restart that it had led term 1; saw it in term \
     0");

fails!(the_log_is_forgotten_in_a_crash: ForgetsLog in "persist1_3c", "assertion",
    "expected the leader of term 2 to have every entry that was committed before; saw server ",
    " put a new command at index 1");

fails!(the_log_is_rewritten_after_a_crash: RewritesLog in "persist1_3c", "assertion",
    "expected command 11 at index 1, where server ", " (incarnation 2) apply command 12 there");

fails!(a_leader_without_committed_entries: LeaderWithoutLog in "persist1_3c", "assertion",
    "expected the leader of term 2 to have every entry that was committed before; saw server ",
    "put a new command at index 1, although server ", "in term 1 at ",
    "had applied everything up to index 1");

fails!(start_answers_a_wrong_index: WrongIndex in "basic_agree_3b", "assertion",
    "expected 3 servers to apply command 100 within 2.000 s; server 0, leader of term 1, accepted it at ",
    "for index 2; nobody has applied that index");

fails!(start_answers_index_zero: CountsFromZero in "basic_agree_3b", "assertion",
    "expected indices that count from 1; saw start on server 0 answer index 0 in term 1");

fails!(start_answers_an_index_twice: SameIndexAgain in "concurrent_starts_3b", "assertion",
    "expected the leader of term 1 to give out each index once; saw start on server 0 answer index 2");

fails!(a_command_that_is_put_into_the_log_twice: AppendsTwice in "basic_agree_3b", "assertion",
    "expected agreement at index 1; saw it at index 2");

fails!(a_long_command_that_is_put_into_the_log_twice: AppendsTwice in "rpc_bytes_3b", "assertion",
    "expected agreement at index 2; saw it at index 4");

fails!(a_wrong_index_for_a_command_that_cannot_be_committed: AppendsTwice in "follower_failure_3b",
    "assertion",
    "expected agreement at index 4; saw it at index 8");

fails!(a_wrong_index_without_a_majority: AppendsTwice in "fail_no_agree_3b", "assertion",
    "expected agreement at index 2; saw it at index 4");

fails!(an_entry_before_anything_was_submitted_for_it: AppendsTwiceAnswersFirst in "basic_agree_3b",
    "assertion",
    "expected no agreement at index 2; saw servers 0, 1, 2 apply command 100 there");

fails!(a_leader_without_followers_that_refuses: RefusesOne in "follower_failure_3b", "assertion",
    "expected server 0, the leader, to accept command 104; it says that it does not lead");

fails!(one_of_five_commands_is_lost: RefusesOne in "concurrent_starts_3b", "assertion",
    "expected command 10", "one of 5 submitted to the leader of term 1 at the same time, to be committed; \
                            saw [");

fails!(an_index_after_what_cannot_be_in_the_log: SkipsAhead in "fail_no_agree_3b", "assertion",
    "expected the leader to put command 30 at index 2 or 3; saw it at index 7");

fails!(a_gap_between_what_start_answers: SkipsAhead in "count_3b", "assertion",
    "expected the leader to put its next command at index 3; saw it at index 7");

fails!(commands_in_another_order: SwapsTwo in "count_3b", "assertion",
    "at index 2, where the leader of term 1 had put it; saw command 1");

fails!(a_term_for_each_of_five_commands: NewTerms in "concurrent_starts_3b", "assertion",
    "expected a term to last for as long as it takes to agree on a few commands; in 5 attempts it did not");

fails!(a_term_for_each_of_a_dozen_commands: NewTerms in "count_3b", "assertion",
    "expected a term to last for as long as it takes to agree on a few commands; in 5 attempts it did not");

fails!(a_leader_that_asks_nobody: LeadsAtOnce in "initial_election_3a", "assertion",
    "expected a leader to have been elected by a majority of the 3 servers (§5.2); saw server 0 claim to \
     lead term 1 at 0.0",
    "but no message has reached it from a majority since it can have asked for votes: heard from none of \
     the servers 1, 2");

fails!(a_leader_that_asks_nobody_for_a_later_term: GoesUpAlone in "initial_election_3a", "assertion",
    "expected a leader to have been elected by a majority of the 3 servers (§5.2); saw server 0 claim to \
     lead term 2 at 1.",
    "heard from none of the servers 1, 2");

fails!(a_leader_that_the_test_alone_sees: LeadsForTheTest in "initial_election_3a", "assertion",
    "expected a leader to have been elected by a majority of the 3 servers (§5.2); saw server 1 claim to \
     lead term 1 at ",
    "heard from none of the servers 0, 2");

fails!(an_entry_that_no_message_brought: AppliesFromAfar in "follower_failure_3b", "assertion",
    "expected an entry to be applied when a majority of the servers store it (§5.3); saw server ",
    " apply the entry at index ",
    ", but nothing has reached it that server ", " sent since it was given that");

fails!(a_snapshot_that_no_message_brought: SnapshotFromAfar in "snapshot_install_3d", "assertion",
    "expected an entry to be applied when a majority of the servers store it (§5.3); saw server ",
    " install a snapshot with the entry at index ");

fails!(an_entry_that_a_leader_applies_at_once: AgreesAlone in "basic_agree_3b", "assertion",
    "expected an entry to be applied when a majority of the servers store it (§5.3); saw server 0 apply the \
     entry at index ",
    "but as far as it can know, what server 0 sent since it was given that has reached no other server");

fails!(a_gap: Gap in "basic_agree_3b", "assertion",
    "expected server 1 to apply index 2 next; saw it apply index 3, so there is a gap (command 200)");

fails!(an_entry_twice_where_snapshots_are_taken: DeliversTwice in "snapshot_basic_3d", "assertion",
    "expected server 1 to apply index 2 next; saw it apply index 1, which it had applied before");

#[test]
fn an_entry_twice_where_no_snapshots_are_taken_is_tolerated() {
    let report = report::<{ Fault::DeliversTwice as u8 }>("basic_agree_3b", 0);
    expect_pass(&report);
}

fails!(different_commands_at_an_index: OtherCommand in "basic_agree_3b", "assertion",
    "command 200", "at index 2", "command 100");

fails!(a_command_that_nobody_submitted: OwnCommand in "basic_agree_3b", "assertion",
    "expected only commands that were submitted; saw ", "at index 2");

fails!(an_entry_at_index_zero: IndexZero in "basic_agree_3b", "assertion",
    "to apply index 1 next; saw it apply index 0, but indices count from 1");

fails!(a_snapshot_under_a_wrong_index: SnapshotIndex in "snapshot_basic_3d", "assertion",
    "expected server 1 to deliver a snapshot under the last index that it includes, 9; saw it delivered \
     under index 10");

fails!(a_snapshot_that_is_out_of_date: OldSnapshot in "snapshot_basic_3d", "assertion",
    "expected server 1 never to move its service back; saw it deliver a snapshot up to index 9 when it had \
     applied \
     everything up to index 14");

fails!(a_snapshot_that_is_none: BrokenSnapshot in "snapshot_basic_3d", "assertion",
    "expected server 1 to hand over a snapshot; saw 5 bytes that are not a snapshot");

fails!(a_snapshot_of_other_commands: MixedSnapshot in "snapshot_basic_3d", "assertion",
    "at index 1, where server ", "saw server 1 hand over a snapshot up to index 9 with command ");

fails!(a_snapshot_without_a_byte: EmptySnapshot in "snapshot_basic_3d", "assertion",
    "expected server 1 to hand over a snapshot; saw one without a byte");

fails!(a_snapshot_without_the_command_of_index_zero: SnapshotWithoutIndexZero in "snapshot_basic_3d",
    "assertion",
    "expected server 1 to hand over a snapshot; saw one without the empty command of index 0");

fails!(a_snapshot_that_lacks_a_command: ShortSnapshot in "snapshot_basic_3d", "assertion",
    "expected a snapshot up to index 9 to hold 9 commands; saw server 1 hand over one with 8");

fails!(a_snapshot_of_what_nobody_applied: SnapshotAhead in "snapshot_basic_3d", "assertion",
    "expected a snapshot of applied entries; saw server 1 hand over one up to index ",
    ", while the highest index that anybody applied is ");

fails!(start_does_not_return: StartHangs in "basic_agree_3b", "timeout",
    "expected the test to end within 120 s; it goes on; not returned: start of server 1 (called at 0.",
    "thread `start` of server 1 waits for a lock at tester/tests/harness/raft/double.rs:",
    ", which thread `worker` of server 1 took at tester/tests/harness/raft/double.rs:",
    "and now sleeps at tester/tests/harness/raft/double.rs:");

fails!(kill_does_not_return: KillHangs in "basic_agree_3b", "timeout",
    "expected the test to end within 120 s; it goes on; not returned: kill of server 0 (called at 0.");

fails!(a_server_is_not_made: MakeHangs in "basic_agree_3b", "timeout",
    "the run has not ended after 150 virtual seconds");

fails!(start_panics: StartPanics in "basic_agree_3b", "panic", "the log is upside down");

fails!(start_is_not_written_yet: StartIsMissing in "basic_agree_3b", "not_implemented", "put the command in \
                                                            the log");

fails!(too_many_bytes: SendsCommandsFiveTimes in "rpc_bytes_3b", "assertion",
    "expected at most 200000 bytes of RPCs for 10 commands of 5000 bytes; saw 75");

fails!(an_election_without_rpcs: SendsNothing in "count_3b", "assertion",
    "expected a leader to have been elected by a majority of the 3 servers (§5.2); saw server 0 claim to \
     lead term 1");

fails!(an_election_with_many_rpcs: CallsOftenWhenElected in "count_3b", "assertion",
    "expected 1 to 30 RPCs to elect the first leader; saw 3");

fails!(agreement_with_many_rpcs: SendsCommandsFiveTimes in "count_3b", "assertion",
    "expected at most 42 RPCs for 12 commands; saw ");

fails!(many_rpcs_for_nothing: CallsOftenWhenIdle in "count_3b", "assertion",
    "expected at most 60 RPCs in 1 s in which nothing was submitted; saw ");

fails!(a_log_that_snapshots_do_not_shorten: LongLog in "snapshot_basic_3d", "assertion",
    "expected snapshots to keep every server's saved Raft state below 2000 bytes; saw 200");

fails!(two_leaders_that_the_test_alone_sees: LeadsIntermittently in "initial_election_3a", "assertion",
    "expected at most one leader in a term; saw servers 0, 1 lead term 1");

fails!(terms_that_differ: OwnTerm in "initial_election_3a", "assertion",
    "expected servers 0, 1, 2 to agree on the term; saw terms 1, 1, 6");

#[test]
fn a_claim_to_lead_that_is_not_repeated_does_not_count() {
    let report = report::<{ Fault::LeadsIntermittently as u8 }>("basic_agree_3b", 0);
    expect_pass(&report);
}

#[test]
fn the_location_of_a_failure_is_the_line_of_the_test() {
    for (report, file) in [
        (report::<{ Fault::NeverElects as u8 }>("initial_election_3a", 0), "tester/src/raft/part_3a.rs:"),
        (report::<{ Fault::WrongIndex as u8 }>("basic_agree_3b", 0), "tester/src/raft/part_3b.rs:"),
    ] {
        let location =
            report.failure.expect("the solution is wrong").location.expect("a check has a position");
        assert!(location.contains(file), "{location}");
    }
}

#[test]
fn one_goes_on_for_ten_seconds() {
    let report = report::<{ Fault::NeverElects as u8 }>("basic_agree_3b", 0);
    let at = report.failure.expect("nobody leads").at_seconds;
    assert!((10.0..10.1).contains(&at), "{at}");
}

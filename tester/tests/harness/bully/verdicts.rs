//! Right nodes pass; wrong ones fail with the right words.

use tester::{Report, RunOptions, cases, run};

use super::fault::Fault;
use super::{case, solution};

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    run(case(name), &solution::<FAULT>(), &RunOptions::new(seed))
}

/// `name: Fault in "test", "a piece of the message", …`: what happens in each of a few runs.
macro_rules! fails {
    ($name:ident: $fault:ident in $case:literal, $($piece:literal),+ $(,)?) => {
        #[test]
        fn $name() {
            for seed in 0..3 {
                let report = report::<{ Fault::$fault as u8 }>($case, seed);
                let failure = report.failure.expect("the nodes are wrong, and passed");
                assert_eq!(failure.kind, "assertion", "{}", failure.message);
                for piece in [$($piece),+] {
                    assert!(failure.message.contains(piece), "expected `{piece}` in: {}", failure.message);
                }
            }
        }
    };
}

#[test]
fn right_nodes_pass() {
    for case in cases().iter().filter(|case| case.part == "B1") {
        for seed in 0..3 {
            let report = report::<{ Fault::None as u8 }>(case.name, seed);
            assert!(report.passed(), "{}, seed {seed}: {:?}", case.name, report.failure);
        }
    }
}

fails!(a_node_that_follows_a_lower_one: FollowsALowerOne in "first_election_b1",
    "expected a node to lead or to follow a higher one; saw server 1 follow server 0");

fails!(a_node_that_follows_who_has_said_nothing: FollowsUnheardLeader in "first_election_b1",
    "expected a node to follow a leader that has announced itself; saw server ",
    " follow server 4, of which no message has reached it");

fails!(a_node_that_leads_and_has_asked_nobody: LeadsUnasked in "first_election_b1",
    "expected a node to lead when it has asked all higher nodes and none of them lives; saw server 3 lead, \
     which has not asked server 4 since it last followed another one");

fails!(nodes_that_never_agree: KnowsNobody in "first_election_b1",
    "expected servers 0, 1, 2, 3, 4 to agree within 5.000 s that server 4 leads, the highest that they \
     reach; saw server 0 know nobody, server 1 know nobody, server 2 know nobody, server 3 know nobody, \
     server 4 know nobody");

fails!(a_leader_that_is_forgotten_for_no_reason: ForgetsLeaderBriefly in "first_election_b1",
    "expected servers 0, 1, 2, 3, 4 to follow server 4 for as long as nothing fails; saw after ",
    ": server 0 know nobody, server 1 follow server 4, server 2 follow server 4, server 3 follow server 4, \
     server 4 lead");

fails!(a_dead_leader_that_is_believed_in_for_ever: KeepsFirstLeader in "leader_crash_b1",
    "expected servers 0, 1, 2, 3 to agree within 5.000 s that server 3 leads, the highest that they \
     reach; saw server 0 follow server 4, server 1 follow server 3");

fails!(a_highest_node_that_does_not_take_over: KeepsLeader3 in "highest_returns_b1",
    "expected servers 0, 1, 2, 3, 4 to agree within 5.000 s that server 4 leads, the highest that they \
     reach; saw server 0 follow server 3, server 1 follow server 4");

fails!(two_winners_of_one_election: LeadsInElections in "two_elections_b1",
    "expected server 2 to win, the highest of servers 0, 1, 2; saw server 1 lead at ");

fails!(a_half_of_the_network_that_elects_nobody: NeedsAMajority in "partition_b1",
    "expected servers 0, 1 to agree within 5.000 s that server 1 leads, the highest that they reach; saw \
     server 0 follow server 1, server 1 know nobody");

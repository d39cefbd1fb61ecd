//! Correct nodes pass; wrong ones fail with the right message.

use tester::cases;

use super::fault::Fault;
use super::{RUNS, report};
use crate::expect::{expect_pass, fails};

#[test]
fn right_nodes_pass() {
    for case in cases().iter().filter(|case| case.part == "B1") {
        for seed in 0..RUNS {
            expect_pass(&report::<{ Fault::None as u8 }>(case.name, seed));
        }
    }
}

fails!(a_node_that_follows_a_lower_one: FollowsALowerOne in "first_election_b1", "assertion",
    "expected a node to lead or to follow a higher one; saw server 1 follow server 0");

fails!(a_node_that_follows_a_silent_leader: FollowsUnheardLeader in "first_election_b1", "assertion",
    "expected a node to follow a leader that has announced itself; saw server ",
    " follow server 4, of which no message has reached it");

fails!(a_node_that_leads_and_has_asked_nobody: LeadsUnasked in "first_election_b1", "assertion",
    "expected a node to lead when it has asked all higher nodes and none of them lives; saw server 3 lead, \
     which has not asked server 4 since it last followed another one");

fails!(nodes_that_never_agree: KnowsNobody in "first_election_b1", "assertion",
    "expected servers 0, 1, 2, 3, 4 to agree within 5.000 s that server 4 leads, the highest that they \
     reach; saw server 0 know nobody, server 1 know nobody, server 2 know nobody, server 3 know nobody, \
     server 4 know nobody");

fails!(a_leader_that_is_forgotten_for_no_reason: ForgetsLeaderBriefly in "first_election_b1", "assertion",
    "expected servers 0, 1, 2, 3, 4 to follow server 4 for as long as nothing fails; saw after ",
    ": server 0 know nobody, server 1 follow server 4, server 2 follow server 4, server 3 follow server 4, \
     server 4 lead");

fails!(a_crashed_leader_that_is_followed_for_ever: KeepsFirstLeader in "leader_crash_b1", "assertion",
    "expected servers 0, 1, 2, 3 to agree within 5.000 s that server 3 leads, the highest that they \
     reach; saw server 0 follow server 4, server 1 follow server 3");

fails!(a_highest_node_that_does_not_take_over: KeepsLeader3 in "highest_returns_b1", "assertion",
    "expected servers 0, 1, 2, 3, 4 to agree within 5.000 s that server 4 leads, the highest that they \
     reach; saw server 0 follow server 3, server 1 follow server 4");

fails!(two_winners_of_one_election: LeadsInElections in "two_elections_b1", "assertion",
    "expected server 2 to win, the highest of servers 0, 1, 2; saw server 1 lead at ");

fails!(a_half_of_the_network_that_elects_nobody: NeedsAMajority in "partition_b1", "assertion",
    "expected servers 0, 1 to agree within 5.000 s that server 1 leads, the highest that they reach; saw \
     server 0 follow server 1, server 1 know nobody");

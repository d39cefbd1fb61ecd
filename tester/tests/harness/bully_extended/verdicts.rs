//! Correct nodes pass; wrong ones fail with the right message.

use tester::cases;

use super::fault::Fault;
use super::{RUNS, report};
use crate::expect::{expect_pass, fails};

#[test]
fn right_nodes_pass() {
    for case in cases().iter().filter(|case| case.needs == ["bully_extended"]) {
        for seed in 0..RUNS {
            expect_pass(&report::<{ Fault::None as u8 }>(case.name, seed));
        }
    }
}

fails!(nodes_that_never_agree: KnowsNobody in "one_misses_b3", "assertion",
    "expected servers 0, 1, 2, 3, 4 to follow one of them in the same generation within 5.000 s; saw server \
     0 know nobody in generation ");

fails!(two_leaders_in_a_generation: KnowsOneGeneration in "newer_generations_b2", "assertion",
    "expected one leader at most in a generation; saw server ", " name server 3 as the leader of generation \
     1, for which server ", " had named server 4");

fails!(a_node_that_goes_back: GoesBackBriefly in "newer_generations_b2", "assertion",
    "expected a node to drop what is older than it knows; saw server 0 go back from generation ", " to 1");

fails!(a_leader_that_is_forgotten_for_no_reason: ForgetsLeaderBriefly in "newer_generations_b2",
    "assertion", "expected servers 0, 1, 2, 3, 4 to go on following server 4 in generation ",
    ", because nothing fails; saw after ", ": server 0 know nobody in generation ");

fails!(a_minority_with_a_leader: LeadsInElections in "minority_elects_b4", "assertion",
    "expected none of servers 0, 1 to lead, because they are no quorum; saw server 1 lead after ");

fails!(a_leader_that_does_not_step_down: TellsTestItLeads in "minority_leader_b4", "assertion",
    "expected server ", " to stop leading within 1.000 s, because it reaches no quorum; saw it lead on");

fails!(two_leaders_beside_each_other: TellsProbeItLeads in "minority_leader_b4", "assertion",
    "expected a leader that reaches no quorum to stop within 1.000 s; saw servers ",
    " lead beside each other from ");

fails!(a_generation_that_is_not_newer: SavesNothing in "all_crash_b5", "assertion",
    "expected the generation of server ", " to be newer than ", ", that of the leader before; saw ");

fails!(a_leader_that_takes_nothing: TakesNothing in "publish_b5", "assertion",
    "expected server 4, which leads a quorum, to publish a state within 5.000 s; saw it take none");

fails!(a_version_that_is_left_out: SkipsVersions in "publish_b5", "assertion",
    "expected versions without a gap, and so version 1; saw server 4 publish version 2");

fails!(a_follower_that_takes_a_state: AllTake in "publish_b5", "assertion",
    "expected server 0, which does not lead, to publish nothing; saw it take a state as version 1");

fails!(a_node_that_does_not_learn: KeepsFirstState in "publish_b5", "assertion",
    "expected servers 0, 1, 2, 3, 4 to know within 5.000 s that version 2, ", " was committed; saw server 0 \
     say version 1, ");

fails!(a_deposed_leader_that_commits: CommitsAtOnce in "deposed_b5", "assertion",
    "to stay the newest committed state, because no quorum has heard of another one; saw server 4 say \
     version 2, ");

fails!(a_state_that_nobody_else_has: TellsProbeAtOnce in "publish_b5", "assertion",
    "expected a state to be committed when a quorum has saved it; saw server 4 say that version 1, ",
    "has reached no other server");

fails!(two_states_of_a_version: Contradicts in "publish_b5", "assertion",
    "expected a committed state to be replaced by none of the same version; saw server ",
    " say that version 1, ");

fails!(a_state_that_nobody_has_published: Invent in "publish_b5", "assertion",
    "expected a state to be committed that was given to a node; saw server ",
    " say that version 1, \"another one\" was");

fails!(a_node_that_goes_back_to_an_older_state: GoesBack in "publish_b5", "assertion",
    "expected a committed state to be replaced by none that is older; saw server 0 go back from version 2 to \
     version 1, ");

fails!(a_node_that_forgets_a_state: Forgets in "publish_b5", "assertion",
    "expected a node to know for as long as it runs what was committed; saw server 0 forget it");

fails!(a_second_vote: VotesTwice in "priorities_b6", "assertion",
    "expected a node that has voted to vote for nobody else for 30.000 s; saw server 0 vote for server 2, \
     although server 1 had its vote at ");

fails!(a_second_winner: LeadsBeside in "priorities_b6", "assertion",
    "expected two elections within 30.000 s to have the same winner; saw server ", " lead, although server 1 \
     had won at ");

//! Each problem on the form that has it: the scene that the cured form passes fails there, and says why.

use ::bully_extended::SOLUTION as REFERENCE;
use labapi::{BullyExtended, Export, Solution};
use tester::{Report, RunOptions, run};

use super::{RUNS, one_phase, plain};
use crate::expect::{case, expect_failure, expect_pass};

/// The reference passes a test with these seeds, and another form fails it with these words.
#[track_caller]
fn shows(name: &str, form: impl Fn(&str, u64) -> Report, pieces: &[&str]) {
    let reference = Solution::new("reference").with(&[("bully_extended", &REFERENCE)]);
    for seed in 0..RUNS {
        expect_pass(&run(case(name), &reference, &RunOptions::new(seed)));
        expect_failure(&form(name, seed), "assertion", pieces);
    }
}

/// Each of the first three forms in the place of the next one.
const BEFORE: BullyExtended = BullyExtended {
    asks_others: REFERENCE.generations,
    quorum: REFERENCE.asks_others,
    publishes: |peers, me, _| (REFERENCE.quorum)(peers, me),
    ..REFERENCE
};

fn form_before(name: &str, seed: u64) -> Report {
    const ALL: &[Export] = &[("bully_extended", &BEFORE)];
    run(case(name), &Solution::new("form before").with(ALL), &RunOptions::new(seed))
}

#[test]
fn a_late_victory_misleads_the_plain_form() {
    let pieces =
        ["expected a node to drop what is older than it knows; saw server 0 go back from generation "];
    shows("late_victory_b2", plain::report::<0>, &pieces);
}

#[test]
fn a_late_election_disturbs_the_plain_form() {
    let pieces = [
        "expected servers 0, 1, 2, 3 to go on following server 3 in generation 2, because the election of \
         server 0 that arrives now is over; saw after ",
        "server 3 know nobody",
    ];
    shows("late_election_b2", plain::report::<1>, &pieces);
}

#[test]
fn a_leader_that_one_node_misses_is_deposed_without_a_question() {
    let pieces = [
        "expected servers 1, 2, 3, 4 to go on following server 4 in generation ",
        ", because server 0 alone misses the leader; saw after ",
    ];
    shows("one_misses_b3", plain::report::<2>, &pieces);
    shows("one_misses_b3", form_before, &pieces);
}

#[test]
fn a_leader_that_seemed_dead_comes_back_and_bullies() {
    let pieces = [
        "expected servers 0, 1, 2, 3 to go on following server 3 in generation ",
        ", because the leader that was paused was replaced; saw after ",
    ];
    shows("seems_dead_b3", form_before, &pieces);
}

#[test]
fn the_highest_comes_back_and_bullies() {
    let pieces = ["expected servers 0, 1, 2, 3, 4 to go on following server 3 in generation "];
    shows("highest_joins_b3", form_before, &pieces);
}

#[test]
fn two_halves_have_two_leaders_without_a_quorum() {
    let leads_on = "expected server 4 to stop leading within 1.000 s, because it reaches no quorum; saw it \
                    lead on";
    shows("minority_leader_b4", plain::report::<3>, &[leads_on]);
    shows("minority_leader_b4", form_before, &[leads_on]);
    let elects =
        ["expected none of servers 0, 1 to lead, because they are no quorum; saw server 1 lead after "];
    shows("minority_elects_b4", plain::report::<3>, &elects);
}

#[test]
fn a_state_that_is_published_in_one_phase_is_known_too_early() {
    let pieces = [
        "expected a state to be committed when a quorum has saved it; saw server 4 say that version 1, ",
        "has reached no other server",
    ];
    shows("deposed_b5", one_phase::report, &pieces);
}

#[test]
fn two_candidates_both_lead_without_votes() {
    let pieces = [
        "expected one of servers 0, 1, 2, 3, 4 at most to lead, because a leader has a majority of the votes, \
         and each node one vote; saw servers 3, 4 lead after ",
    ];
    shows("equal_priorities_b6", plain::report::<4>, &pieces);
}

/// What the vote lock costs: without it another node leads at once.
#[test]
fn a_dead_winner_is_replaced_at_once_without_a_vote_lock() {
    let pieces = [
        "expected none of servers 0, 1, 2, 3 to lead, because a majority has given its vote to a node that \
         is dead; saw server 3 lead after ",
    ];
    shows("dead_winner_b6", plain::report::<5>, &pieces);
}

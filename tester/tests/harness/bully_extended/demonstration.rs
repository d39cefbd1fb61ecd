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

/// Without generations nothing tells two victories apart, whichever comes first. What a late one does, and a
/// late election, show the lab's wrong solutions that compare no generation in one of the handlers.
#[test]
fn the_plain_form_has_no_generations() {
    let pieces = [
        "expected one leader at most in a generation; saw server ",
        " name server 3 as the leader of generation 1, for which server ",
        " had named server 4",
    ];
    for name in ["newer_generations_b2", "late_victory_b2", "late_election_b2", "highest_joins_b3"] {
        shows(name, plain::report, &pieces);
    }
}

#[test]
fn a_leader_that_one_node_misses_is_deposed_without_a_question() {
    let pieces = [
        "expected servers 1, 2, 3, 4 to go on following server 4 in generation ",
        ", because server 0 alone misses the leader; saw after ",
    ];
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

/// The form with generations in the place of the one with a quorum.
fn generations_alone(name: &str, seed: u64) -> Report {
    const SOLUTION: BullyExtended = BullyExtended { quorum: REFERENCE.generations, ..REFERENCE };
    const ALL: &[Export] = &[("bully_extended", &SOLUTION)];
    run(case(name), &Solution::new("generations").with(ALL), &RunOptions::new(seed))
}

#[test]
fn two_halves_have_two_leaders_without_a_quorum() {
    let leads_on = "expected server 4 to stop leading within 1.000 s, because it reaches no quorum; saw it \
                    lead on";
    shows("minority_leader_b4", form_before, &[leads_on]);
    // In the plain form both lead the same generation, and with generations there still are two.
    let pieces = [
        "expected one leader at most in a generation; saw server ",
        " name server 1 as the leader of generation 1, for which server ",
        " had named server 4",
    ];
    shows("minority_elects_b4", plain::report, &pieces);
    let pieces =
        ["expected none of servers 0, 1 to lead, because they are no quorum; saw server 1 lead after "];
    shows("minority_elects_b4", generations_alone, &pieces);
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
    let pieces =
        ["expected one of servers 0, 1, 2, 3, 4 at most to lead, because a leader has a majority of the \
         votes, and each node one vote; saw servers 3, 4 lead after "];
    shows("equal_priorities_b6", plain::report, &pieces);
}

/// What the vote lock costs: without it another node leads at once.
#[test]
fn a_dead_winner_is_replaced_at_once_without_a_vote_lock() {
    let pieces = [
        "expected none of servers 0, 1, 2, 3 to lead, because a majority has given its vote to a node that \
         is dead; saw server 3 lead after ",
    ];
    shows("dead_winner_b6", plain::report, &pieces);
}

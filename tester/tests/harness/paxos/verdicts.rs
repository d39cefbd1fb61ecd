//! Correct nodes pass; wrong ones fail with the right message.

use tester::cases;

use super::fault::Fault;
use super::{RUNS, report};
use crate::expect::{expect_pass, fails};

#[test]
fn right_nodes_pass() {
    for case in cases().iter().filter(|case| ["P1", "P2"].contains(&case.part)) {
        for seed in 0..RUNS {
            expect_pass(&report::<{ Fault::None as u8 }>(case.name, seed));
        }
    }
}

fails!(nodes_that_decide_nothing: KnowsNothing in "one_proposer_p1", "assertion",
    "expected servers 0, 1, 2, 3, 4 to know what was chosen for instance 0 within 5.000 s; saw that servers \
     0, 1, 2, 3, 4 did not");

fails!(a_value_that_nobody_has_proposed: Invents in "one_proposer_p1", "assertion",
    "expected only a value to be chosen that was proposed for the instance (§2.1); saw server 1 say that \
     \"another one\" was chosen for instance 0");

fails!(a_node_that_asks_nobody: DecidesAlone in "one_proposer_p1", "assertion",
    "expected a value to be learned when a majority has accepted it (§2.1); saw server 0 say that \"0 by 0: ",
    " was chosen for instance 0, but as far as it can know, what server 0 sent since it was given that \
     value has reached no other server");

fails!(nodes_that_disagree: Contradicts in "one_proposer_p1", "assertion",
    "expected a single value to be chosen in instance 0; saw \"0 by 0: ", " and \"another one\"");

fails!(a_value_in_place_of_the_chosen_one: AllContradict in "one_proposer_p1", "assertion",
    "expected \"0 by 0: ", " to be chosen for instance 0; saw \"another one\"");

fails!(a_node_that_forgets: Forgets in "minority_p1", "assertion",
    "expected a node that knows what was chosen to know it for as long as it runs; saw server 1 forget what \
     was chosen for instance ");

fails!(a_minority_that_decides: Boasts in "minority_p1", "assertion",
    "expected nothing to be chosen for instance ", ", for no majority has accepted anything; saw server ",
    " say \"another one\"");

fails!(commands_in_two_instances: DoublesCommands in "basic_log_p2", "assertion",
    "expected no agreement at index 2; saw servers ", " apply command ");

fails!(commands_that_take_two_rounds: AppliesLate in "phase_one_once_p2", "assertion",
    "expected a leader to need phase 2 alone for a command, one round of messages of 0.100 s; saw that the \
     fastest of ten commands took 0.2");

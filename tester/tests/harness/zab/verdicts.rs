//! Correct servers pass; wrong ones fail with the right message.

use tester::cases;

use super::fault::Fault;
use super::{RUNS, report};
use crate::expect::{expect_pass, fails};

#[test]
fn right_servers_pass() {
    for case in cases().iter().filter(|case| ["Z1", "Z2", "Z3"].contains(&case.part)) {
        for seed in 0..RUNS {
            expect_pass(&report::<{ Fault::None as u8 }>(case.name, seed));
        }
    }
}

fails!(servers_that_never_lead: NeverLeads in "first_leader_z1", "assertion",
    "expected servers 0, 1, 2 to have a leader among them within 5.000 s, with all others up to date in its \
     epoch; saw server 0 Looking in epoch 1, ");

fails!(leaders_that_change: CountsSeconds in "first_leader_z1", "assertion",
    "to go on leading epoch ", ", because all servers run and reach one another; saw server ");

fails!(a_server_that_comes_late_and_deposes: CountsSeconds in "late_comer_z1", "assertion",
    "which comes late, to follow server ", " in epoch ", ", because all others do; saw server ");

fails!(a_leader_that_stays_without_a_quorum: StaysLeader in "no_quorum_z1", "assertion",
    "expected none of servers ", " to lead, because they are two of five; saw server ", " lead");

fails!(two_leaders_of_an_epoch: EpochOne in "leader_dies_z1", "assertion",
    "expected one established leader in an epoch at most; saw server ", " lead epoch 1, which server ");

fails!(an_epoch_that_goes_down: ForgetsEpoch in "leader_dies_z1", "assertion",
    "expected the current epoch of a server never to go down; saw server ", " in epoch 0, and it had been \
     in epoch ");

fails!(servers_that_deliver_nothing: DeliversNothing in "first_leader_z1", "assertion",
    "expected servers 0, 1, 2 to deliver a new transaction within 5.000 s, with a quorum of voters among \
     them; saw none that all of them delivered");

fails!(writes_that_are_never_done: DeliversNothing in "local_reads_z3", "assertion",
    "expected a write to be done within 5 s, with a quorum in touch; saw none done");

fails!(a_server_that_starts_again_in_vain: RestartsInVain in "minority_fails_z3", "assertion",
    "expected servers 0, 1, 2, 3, 4 to deliver \"", " within 5.000 s, because the others have delivered it; \
     saw that server ", " did not");

fails!(another_text_under_an_id: Alters in "agreement_z3", "assertion",
    "server 1 deliver ", "\"another one\"");

fails!(a_transaction_twice_on_one_server: Repeats in "agreement_z3", "assertion",
    "server 1 deliver (1, 1) ");

fails!(a_transaction_twice_on_all: AllRepeat in "agreement_z3", "assertion",
    "expected transactions to be delivered in the order of their ids, so that one which was passed over \
     never comes back; saw server ", " deliver (1, 1) ", " after (1, 1)");

fails!(a_transaction_that_is_left_out: AllSkip in "many_at_once_z3", "assertion",
    "expected the transactions of an epoch to be delivered as 1, 2, 3 … without a gap; saw server ",
    " deliver (1, 4) after (1, 2)");

fails!(what_nobody_has_proposed: AllInvent in "agreement_z3", "assertion",
    "expected only transactions to be delivered that were proposed; saw server ", " deliver \"another one\" \
     under id (1, 1)");

fails!(a_leader_that_waits_for_nobody: DeliversAtOnce in "agreement_z3", "assertion",
    "expected a transaction to be delivered when a quorum of the 3 voters has accepted it; saw server ",
    " sent since it was given that transaction has reached no other voter");

fails!(a_snapshot_that_was_altered: AltersSnapshots in "snap_z2", "assertion",
    "expected server 1", " to deliver a snapshot that a service has made, under the last id that is in it; \
     saw another one delivered under id (");

fails!(an_id_of_another_transaction: MiscountsIds in "many_at_once_z3", "assertion",
    " to be delivered under its id (1, 2), or not at all; saw ");

fails!(an_id_that_is_given_twice: RepeatsIds in "many_at_once_z3", "assertion",
    "expected each transaction to get an id of its own; saw server ", " the id (1, 1), which \"");

fails!(a_leader_that_takes_one_proposal: TakesOne in "many_at_once_z3", "assertion",
    " to take 150 proposals, because it leads and all reach one another; saw it take 1");

fails!(a_leader_that_refuses_when_it_is_cut_off: TakesOne in "old_proposal_z2", "assertion",
    "which led a moment ago, to take a proposal; saw it refuse");

fails!(what_was_lost_and_returns: ProposesAgain in "trunc_z2", "assertion",
    "expected nobody to deliver \"", "because three of five went on without it; saw it delivered under id ");

fails!(a_counter_without_end: NoLimit in "counter_end_z3", "assertion",
    "expected counters to end at 7, their limit; saw transaction ", " get id (1, 8)");

fails!(syncs_without_an_answer: SyncsNever in "sync_z3", "assertion",
    "to answer a sync within 5 s, because all servers are in touch; saw no answer");

fails!(stale_syncs: SyncsNothing in "sync_z3", "assertion",
    "expected a sync to answer with an id that is not below (", ", which had been delivered when it began; \
     saw server ", " answer with (0, 0)");

fails!(a_follower_that_is_sent_everything: Chatters in "diff_z2", "assertion",
    "expected a follower that lacks 3 transactions of 1000 bytes to be sent these, and not all ",
    " (DIFF); saw ");

fails!(storage_that_grows: Hoards in "snap_z2", "assertion",
    "expected server 0 to drop what its snapshots have replaced, all but 20 of more than 100 transactions of \
     1000 bytes; saw ");

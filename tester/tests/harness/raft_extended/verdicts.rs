//! Correct servers pass; wrong ones fail with the right message.

use tester::cases;

use super::fault::Fault;
use super::{RUNS, report};
use crate::expect::{expect_pass, fails};

#[test]
fn right_servers_pass() {
    for case in cases().iter().filter(|case| case.needs == ["raft_extended"]) {
        for seed in 0..RUNS {
            expect_pass(&report::<{ Fault::None as u8 }>(case.name, seed));
        }
    }
}

fails!(a_leader_that_refuses_a_change: RefusesChanges in "shrink_3e", "assertion",
    "which leads, to begin a change to servers ", "another change, or a transfer of leadership, has not \
     ended");

fails!(a_change_that_is_never_made: IgnoresChanges in "grow_3e", "assertion",
    "expected servers 0, 1, 2, 3, 4 to be the cluster within 10.000 s; saw server 0 use [0, 1, 2]");

fails!(a_change_that_nobody_learns_of: IgnoresChanges in "shrink_3e", "assertion",
    " to learn within 10.000 s that servers ", " are the cluster; saw server ");

fails!(a_change_that_should_be_refused: KnowsNoErrors in "refusals_3e", "assertion",
    "to answer Err(NotLeader) when it is asked to change the cluster to [", "because it does not lead; saw \
     Some(Ok(()))");

fails!(configurations_that_could_all_decide: IsAloneAfterAChange in "isolated_3f", "assertion",
    "expected one configuration at most to be used by a quorum of its servers at a time (§6); saw server 0 \
     use the configuration [0] of index 1000, and server 1 use the configuration [1] of index 1000 since ");

fails!(a_leader_that_is_a_cluster_alone: WantsToBeAlone in "undone_3e", "assertion",
    "not to become a cluster of its own, because nobody else has agreed (§6)");

fails!(new_servers_that_count_at_once: CountsNewServersAtOnce in "catch_up_3e", "assertion",
    "expected the cluster of before until the new servers are up to date (§6); saw server ");

fails!(a_leader_that_is_cut_off_and_leads_on: LeadsForEver in "cut_off_3f", "assertion",
    "to stop leading within 2.000 s, because it has heard from nobody (thesis §6.2); saw it lead on");

fails!(a_leader_of_two_of_five: LeadsAgainLater in "minority_3f", "assertion",
    "expected no leader among two of five servers; saw server ");

fails!(a_leader_that_gives_up: StopsLeading in "majority_3f", "assertion",
    "to go on leading term 1, because it hears from two others", "saw it in term 1, not leading after ");

fails!(a_server_that_is_alone_in_a_newer_term: CountsTermsAlone in "isolated_3f", "assertion",
    "which is cut off, to stay in term 1, because nobody would vote for it (thesis §9.6); saw it in term 2");

fails!(an_election_too_many: LeadsInALaterTerm in "behind_3f", "assertion",
    "to be elected in term 2, because server ", "which lacks entries, stands in none (thesis §9.6); saw it \
     lead \
     term 3");

fails!(a_read_that_sees_nothing: ReadsThePast in "reads_3g", "assertion",
    "expected a read to see all that was applied before it began, up to index 2; saw server ",
    " answer it as leader at ", " with index 0");

fails!(a_read_that_waits_for_ever: ReadsTheFuture in "reads_3g", "assertion",
    "to apply index 1002 within 2.000 s, for a read that waits for it; saw it at index 2");

fails!(a_leader_that_answers_no_reads: ReadsNothing in "reads_3g", "assertion",
    "which leads, to answer a read");

fails!(a_follower_that_answers_reads: FollowersRead in "reads_3g", "assertion",
    "to answer that it does not lead");

fails!(a_read_that_is_in_the_log: ReadsByAnEntry in "reads_3g", "assertion",
    "because reads need no entry (thesis §6.4); saw it at index ");

fails!(a_lease_that_sees_nothing: LeasesArePast in "lease_3g", "assertion",
    "answer it by its lease at ", " with index 0");

fails!(a_leader_without_a_lease: HasNoLease in "lease_3g", "assertion",
    "to have a lease while all answer it; saw it refuse 100 of 100 reads");

fails!(a_follower_with_a_lease: LeasesForAll in "lease_3g", "assertion",
    "to answer that it does not lead");

fails!(a_lease_that_needs_messages: LeasesNeedMessages in "lease_3g", "assertion",
    "expected reads by lease to need no messages; saw some during 100 of 100 reads");

fails!(a_leader_that_refuses_a_transfer: RefusesTransfers in "transfer_3h", "assertion",
    "which leads, to begin to hand over to server ", "another transfer has not ended");

fails!(a_transfer_that_is_ignored: IgnoresTransfers in "transfer_3h", "assertion",
    "to take over and lead term 2 within 1.000 s (thesis §3.10); saw that it is in term 1 and does not lead");

fails!(a_transfer_that_should_be_refused: KnowsNoErrors in "refusals_3h", "assertion",
    "to answer Err(NotLeader) when it is asked to hand over to server ", "because it does not lead; saw \
     Some(Ok(()))");

fails!(commands_during_a_transfer: AcceptsDuringTransfers in "no_commands_3h", "assertion",
    "to accept no commands while it hands over its leadership (thesis §3.10)");

fails!(no_commands_after_a_transfer: RefusesAfterTransfers in "abort_3h", "assertion",
    "to accept commands again 1.5 s after a transfer to a server that is down (thesis §3.10); saw it refuse");

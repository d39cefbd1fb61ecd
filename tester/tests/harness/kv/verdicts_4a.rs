//! Wrong replicas of a counter fail with the right message.

use super::expect_right_passes;
use crate::expect::fails;

#[test]
fn a_right_solution_passes() {
    expect_right_passes(&[
        "basic_4a",
        "concurrent_4a",
        "leader_failure_4a",
        "leader_partition_4a",
        "restart_replay_4a",
        "shutdown_4a",
        "restart_submit_4a",
        "snapshot_4c",
    ]);
}

fails!(an_answer_before_commit: AnswersWithoutCommit in "leader_partition_4a", "assertion",
    "expected submit on server ", "to return when Dec (submit ", "saw it return 0 bytes, when no replica \
                                                            had done that");
fails!(a_request_done_before_commit: DoesBeforeCommit in "leader_partition_4a", "assertion",
    "expected nothing to be done that was submitted to a leader in a minority; saw server ",
    " do Dec (submit ");
fails!(a_request_done_without_a_majority: DoesBeforeCommit in "basic_4a", "assertion",
    "expected an entry to be applied when a majority of the servers store it (§5.3); saw server ",
    " do Inc (submit ",
    ", but as far as it can know, what server ", " sent since it was given that has reached no other server");
fails!(an_answer_for_anothers_request: AnswersForOthers in "leader_partition_4a", "assertion",
    "expected submit on server ");
fails!(a_submit_that_hangs_when_leadership_is_lost: NeverGivesUp in "leader_partition_4a", "assertion",
    "expected every submit to return within 1.000 s after the old leader was connected again");
fails!(a_submit_with_a_timeout: TimesOut in "leader_partition_4a", "assertion",
    "expected submits to server ", "saw all of them return while it was cut off");
fails!(a_submit_that_survives_the_kill: SurvivesKill in "shutdown_4a", "assertion",
    "expected every submit to return within 11.000 s after all servers were shut down");
fails!(requests_in_another_order: SwapsTwo in "concurrent_4a", "assertion",
    "expected all replicas to do the same requests in the same order; saw server ");
fails!(a_request_that_is_started_twice: StartsTwice in "basic_4a", "assertion",
    "expected a request that is submitted once to be done once; saw server ", "do Inc (submit ",
    "as number 2, which was done as number 1");
fails!(a_request_that_is_done_and_refused: RefusesOne in "basic_4a", "assertion",
    "expected Inc number 3 to answer 3; saw it answer 4");
fails!(nobody_takes_requests: RefusesAll in "basic_4a", "assertion",
    "expected an Inc to be done by the leader among servers 0, 1, 2 within 10.000 s; saw none that did it");
fails!(a_replica_that_stops: StopsAtTwo in "restart_replay_4a", "assertion", "expected ");
fails!(other_bytes: OtherBytes in "basic_4a", "assertion",
    "to be asked what was submitted; saw it asked 5 bytes that are no request");

fails!(no_snapshots: NeverSnapshots in "snapshot_4c", "assertion",
    "expected snapshots to keep every server's saved Raft state at 2000 bytes or below; saw ");
fails!(a_snapshot_that_is_ignored: IgnoresSnapshot in "snapshot_4c", "assertion",
    "expected all replicas to do the same requests in the same order; saw server ", "(incarnation 2) do Inc \
                                                            (submit ", "as number 1, ");
fails!(a_snapshot_that_moves_back: RestoresTooLate in "snapshot_4c", "assertion",
    "expected a replica never to be moved back; saw server ", "restored to 10 requests when it had done 20");
fails!(a_snapshot_that_is_none: RestoresOtherBytes in "snapshot_4c", "assertion",
    "to be restored from a snapshot that was taken; saw 5 bytes that are not a snapshot");
fails!(a_snapshot_of_what_nobody_did: RestoresMore in "snapshot_4c", "assertion",
    "to be restored to a state that a replica had; saw it restored to a count of 1000 after 1000 requests, \
     which no replica has done");

//! Wrong key/value services over Raft fail with the right message.

use super::expect_right_passes;
use crate::expect::{fails, fails_at_times};

#[test]
fn a_right_solution_passes() {
    expect_right_passes(&[
        "basic_4b",
        "unreliable_4b",
        "one_partition_4b",
        "many_partitions_many_clients_4b",
        "persist_concurrent_4b",
    ]);
}

fails!(a_stale_read_from_a_follower: ReadsFromFollowers in "basic_4b", "assertion",
    "expected the operations on key k to be linearizable", "saw an answer that no order explains",
    "Get(k) -> ");
fails_at_times!(a_stale_read_from_a_deposed_leader: ReadsFromLeader in "one_partition_4b", "assertion",
    "expected no get to be done by servers ", "which are no majority; saw one done");
fails!(a_put_over_anything: PutsOverAnything in "concurrent_4b", "assertion", "expected ");
fails!(a_retry_that_is_done_twice: PutsAgain in "persist_partition_unreliable_linearizable_4b", "assertion",
    "to be linearizable", "saw an answer that no order explains");
fails_at_times!(a_retry_that_is_answered_twice: AnswersAgain in "concurrent_4b", "assertion",
    "expected client ", "to find its own value at version ", "which it was told is its; saw the value that \
                                                            client ");
fails_at_times!(an_answer_before_commit: AnswersWithoutCommit in "one_partition_4b", "assertion",
    "expected no ");
fails!(a_server_that_asks_no_other: AsksNoOtherServer in "speed_4b", "assertion",
    "expected a put to be done when a majority of the servers store it (§5.3); saw put of client 0 done at ",
    ", when no server had replied of which a majority can have known the request (sent at ");
fails!(a_clerk_that_asks_nobody: AsksNobody in "speed_4b", "assertion",
    "expected a clerk to answer what a server has told it; saw get of client 0 return at ");
fails_at_times!(an_answer_for_anothers_request: AnswersForOthers in "one_partition_4b", "assertion",
    "expected ");
fails_at_times!(a_submit_that_hangs_when_leadership_is_lost: NeverGivesUp in "one_partition_4b", "assertion",
    "expected the put of client 2, which reached only a minority before, to be done within 3.000 s");
fails!(snapshots_that_nobody_asked_for: AlwaysSnapshots in "basic_4b", "assertion",
    "expected no server to take a snapshot");
fails_at_times!(a_retry_that_is_not_maybe_done: NeverMaybe in "unreliable_4b", "assertion",
    "expected key k to have at most version ", "the number of puts that were reported as done (");
fails!(puts_that_are_always_maybe_done: AlwaysMaybe in "basic_4b", "assertion",
    "expected key k to have version 0, the number of puts that were reported as done (");
fails!(a_clerk_that_never_asks_another: NeverAsksAnother in "persist_one_client_4b", "timeout",
    "expected the test to end within 120 s; it goes on; not returned: ");
fails!(a_key_that_is_lost: LosesAKey in "basic_4b", "assertion",
    "expected client 1 to get a value of key k, which was put; saw no such key");
fails!(versions_that_wrap: ShortVersions in "speed_4b", "assertion",
    "expected put(k) over version 16, by the only client, to be done; saw: wrong version");
fails!(puts_that_take_too_long: Slow in "speed_4b", "assertion",
    "expected 1000 puts in a row to take 33.333 s at most, which is three a heartbeat; saw 5");

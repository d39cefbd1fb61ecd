//! Wrong key/value servers, clerks and locks fail with the right message.

use labapi::Solution;
use tester::RunOptions;

use super::expect_right_passes;
use crate::expect::{case, expect_failure, fails, fails_at_times};

#[test]
fn a_right_solution_passes() {
    expect_right_passes(&[
        "reliable_put_2a",
        "put_concurrent_reliable_2a",
        "unreliable_net_2a",
        "one_client_reliable_2b",
        "many_clients_reliable_2b",
        "one_client_unreliable_2b",
        "many_clients_unreliable_2b",
    ]);
}

fails!(a_put_over_anything: PutsOverAnything in "reliable_put_2a", "assertion",
    "expected put(k) over version 0: wrong version; saw: done");
fails!(a_put_that_creates_over_anything: CreatesOverAnything in "reliable_put_2a", "assertion",
    "expected put(y) over version 1: no such key; saw: done");
fails!(a_value_of_a_missing_key: ReadsMissingKeys in "reliable_put_2a", "assertion",
    "expected no such key as y, whose only put was refused; saw ``, version 0");
fails!(a_right_put_that_is_maybe_done: AlwaysMaybe in "reliable_put_2a", "assertion",
    "expected put(k) over version 0: done; saw: maybe done");
fails!(a_server_that_remembers: KeepsAllValues in "mem_put_many_clients_reliable_2a", "assertion",
    "expected at most 200 bytes of memory a client");
fails!(a_first_put_that_is_done: CreatesOverAnything in "mem_put_many_clients_reliable_2a", "assertion",
    "expected put(k) over version 1 of clerk 0, before k exists: no such key; saw: done");
fails!(a_later_put_that_is_refused: ShortVersions in "mem_put_many_clients_reliable_2a", "assertion",
    "expected put(k) over version 16, which k had: done; saw: wrong version");
fails!(a_put_that_is_answered_twice: AnswersAgain in "put_concurrent_reliable_2a", "assertion", "expected ");
fails!(a_put_that_is_done_twice: PutsAgain in "unreliable_net_2a", "assertion", "expected ");
fails_at_times!(a_put_that_is_done_after_one_that_was_maybe: AcceptsAFourth in "unreliable_net_2a",
    "assertion",
    "expected put(k) over version ", "to be refused for its version, for an earlier one was maybe done; \
                                      saw: done");
fails!(never_maybe: NeverMaybe in "unreliable_net_2a", "assertion",
    "expected some put of 100 over a network that loses one message in ten to be maybe done; saw none");
fails!(a_key_that_is_lost: LosesAKey in "put_concurrent_reliable_2a", "assertion", "expected ");
fails!(a_value_that_is_lost: LosesAValue in "put_concurrent_reliable_2a", "assertion",
    "to get a value of key k that some client has put; saw `lost`");
fails!(versions_that_wrap: ShortVersions in "put_concurrent_reliable_2a", "assertion", "expected ");

fails!(a_lock_that_all_hold: NeverWaits in "many_clients_reliable_2b", "assertion",
    "expected nobody else to hold the lock while client ", " does; saw that client ");
fails!(a_clerk_that_asks_nobody: AsksNobody in "reliable_put_2a", "assertion",
    "expected a clerk to answer what a server has told it; saw put of client 0 return at 0.000 s, when no \
     reply had come to any \
     request that it sent since the call, at 0.000 s");
fails!(a_clerk_of_many_that_asks_nobody: AsksNobody in "mem_put_many_clients_reliable_2a", "assertion",
    "expected a clerk to answer what a server has told it; saw put of client 0 return at ");
fails!(a_clerk_that_does_not_wait: DoesNotWait in "one_client_reliable_2b", "assertion",
    "expected a clerk to answer what a server has told it; saw put of client 0 return at 0.000 s");
fails!(a_clerk_that_answers_from_its_own_map: AnswersFromItsMap in "one_client_reliable_2b", "assertion",
    "expected key l0 to have been put at least twice in each of ", " turns; saw another client find version \
                                                            1");
fails!(a_lock_that_puts_nothing: LocksNothing in "one_client_reliable_2b", "assertion",
    "expected acquire to put something into the key/value server; saw client 0 return from it at ",
    "without a put that was, or may have been, done");
fails!(a_release_that_puts_nothing: ReleasesNothing in "one_client_unreliable_2b", "assertion",
    "expected release to put something into the key/value server; saw client 0 return from it at ");
fails!(a_lock_that_is_kept: NeverReleases in "one_client_reliable_2b", "timeout",
    "expected the test to end within 120 s; it goes on; not returned: acquire of client 0 (called at 0.");
fails!(a_lock_that_is_kept_from_others: NeverReleases in "many_clients_reliable_2b", "timeout",
    "expected the test to end within 120 s; it goes on; not returned: acquire of client ");
fails!(a_lock_that_nobody_gets: NeverAcquires in "one_client_unreliable_2b", "timeout",
    "expected the test to end within 120 s; it goes on; not returned: acquire of client 0 (called at 0.");
fails!(a_clerk_in_two_threads: UsesTwoThreads in "one_client_reliable_2b", "assertion",
    "expected a clerk to be used by one thread at a time; saw that client 0 ");
fails!(a_lock_that_takes_too_long: VerySlow in "one_client_reliable_2b", "assertion",
    "expected some client to have had the lock and to have given it back; saw none");

#[test]
fn a_missing_part_of_a_solution_is_not_implemented() {
    for (name, what) in [
        ("reliable_put_2a", "key/value server"),
        ("basic_agree_3b", "Raft"),
        ("basic_4a", "Raft"),
        ("basic_4b", "Raft"),
    ] {
        let report = tester::run(case(name), &Solution::new("nothing"), &RunOptions::new(1));
        expect_failure(&report, "not_implemented", &["the solution has no ", what, " to run this test on"]);
    }
}

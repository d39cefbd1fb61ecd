//! The situations of Raft: what a cluster was put through. `analysis/observed.rs` observes them.

use crate::situation::Situation;

macro_rules! situations {
    ($($constant:ident $name:literal: $text:literal,)*) => {
        $(pub(super) const $constant: Situation = Situation::new($name, $text);)*

        /// All of them, by subject: elections, leaders, entries, crashes, snapshots.
        pub(crate) fn all() -> Vec<&'static Situation> {
            vec![$(&$constant),*]
        }
    };
}

situations! {
    TWO_CANDIDATES "two_candidates":
        "two servers ask for votes in the same term",
    ELECTION_WITHOUT_A_WINNER "election_without_a_winner":
        "a server asks for votes again, and nobody has led the term in which it asked before",
    VOTER_ASKED_AGAIN "voter_asked_again":
        "a server that has voted is asked by another candidate of the same term",
    VOTER_CRASHED_AND_ASKED_AGAIN "voter_crashed_and_asked_again":
        "a server votes, crashes, and is asked for a vote in the same term",
    VOTE_REFUSED_FOR_THE_LOG "vote_refused_for_the_log":
        "a server that has not voted refuses a candidate of its own term",
    VOTE_OF_AN_OLDER_TERM "vote_of_an_older_term":
        "a server is granted a vote for a term that it has left",
    REPLY_OF_AN_OLDER_TERM "reply_of_an_older_term":
        "a reply to a request of an older term reaches a server",
    REQUEST_OF_AN_OLDER_TERM "request_of_an_older_term":
        "a request of an older term reaches a server",
    LEADER_HEARS_OF_A_NEWER_TERM "leader_hears_of_a_newer_term":
        "a leader is told of a newer term, by a request or a reply",
    LEADER_REPLACED_WITH_UNCOMMITTED "leader_replaced_with_uncommitted":
        "another server becomes leader while entries of the one before are not committed",
    LEADER_AGAIN_AFTER_ANOTHER "leader_again_after_another":
        "a server leads a term, another one leads a later term, and then the first leads again",
    LEADER_SUCCEEDS_ITSELF "leader_succeeds_itself":
        "the same server leads two terms, and nobody has led one between them",
    REPLACED_LEADER_SENDS "replaced_leader_sends":
        "a leader sends a request while another server leads a newer term",
    REPLACED_LEADER_TAKES_A_COMMAND "replaced_leader_takes_a_command":
        "a leader accepts a command while another server leads a newer term",
    PAUSED_LEADER_WAKES_UP_DEPOSED "paused_leader_wakes_up_deposed":
        "a leader is paused, and another server leads a newer term when it goes on",
    ENTRIES_OVERWRITTEN "entries_overwritten":
        "a follower replaces entries of its log by others",
    ENTRIES_REFUSED "entries_refused":
        "a follower refuses entries of its own term: its log does not match",
    ENTRIES_OF_SEVERAL_TERMS "entries_of_several_terms":
        "one AppendEntries brings entries of several terms",
    ENTRIES_OUT_OF_ORDER "entries_out_of_order":
        "an AppendEntries arrives after one of the same term that went further",
    REQUEST_ARRIVED_TWICE "request_arrived_twice":
        "a request arrives twice",
    COMMIT_BEYOND_THE_ENTRIES "commit_beyond_the_entries":
        "the leader's commit index is beyond the last entry that a request brings",
    OLD_ENTRY_ON_A_MAJORITY "old_entry_on_a_majority":
        "an entry of an older term is on a majority without being committed",
    CRASH_BEFORE_SAVE "crash_before_save":
        "a server crashes while it handles a request, before it has saved",
    CRASH_BETWEEN_SAVE_AND_REPLY "crash_between_save_and_reply":
        "a server crashes while it handles a request, after it has saved",
    LEADER_CRASHED_WITH_UNCOMMITTED "leader_crashed_with_uncommitted":
        "a leader crashes while entries that it accepted are not committed",
    ALL_DOWN "all_down":
        "all servers are down at the same time, and one is started again",
    SNAPSHOT_HANDED_TO_THE_SERVICE "snapshot_handed_to_the_service":
        "the service of a follower is handed a snapshot",
    OLDER_SNAPSHOT_ARRIVES "older_snapshot_arrives":
        "a snapshot arrives that ends before the one that the service has",
    ENTRIES_OVERTAKE_A_SNAPSHOT "entries_overtake_a_snapshot":
        "a follower acknowledges entries beyond a snapshot that is on its way to it",
    CRASH_AFTER_A_SNAPSHOT "crash_after_a_snapshot":
        "a server crashes whose service was handed a snapshot since it was started",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique() {
        let all = super::all();
        let names: BTreeSet<&str> = all.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), all.len());
    }
}

//! Log replication: the box "AppendEntries RPC" of Figure 2. How logs are made equal: §5.3. What
//! may be called committed: §5.3 and §5.4.2.

use labapi::{LogIndex, Started, Term};
use serde::{Deserialize, Serialize};

use crate::log::{Entry, Log};
use crate::peer::{PeerId, Raft, RaftClient};
use crate::state::{Role, State};
use crate::timer::HEARTBEAT_INTERVAL;

/// A leader sends entries; without any it is a heartbeat.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesArgs {
    /// The leader's term.
    pub(crate) term: Term,
    /// The leader.
    pub(crate) leader_id: PeerId,
    /// Index of the entry just before the new ones.
    pub(crate) prev_log_index: LogIndex,
    /// Term of that entry.
    pub(crate) prev_log_term: Term,
    /// The new entries; none for a heartbeat.
    pub(crate) entries: Vec<Entry>,
    /// The leader's `commit_index`.
    pub(crate) leader_commit: LogIndex,
}

impl AppendEntriesArgs {
    /// Index of the last entry that the follower has in common with the leader, once it has accepted.
    fn last_new_index(&self) -> LogIndex {
        LogIndex(self.prev_log_index.0 + self.entries.len() as u64)
    }
}

/// The answer to [`AppendEntriesArgs`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesReply {
    /// The follower's term, for the leader to follow if it is newer.
    pub(crate) term: Term,
    /// Whether the follower has the entry at `prev_log_index`, and therefore now the new ones too.
    pub(crate) success: bool,
    /// If it has not: where to try next.
    pub(crate) conflict: Option<Conflict>,
}

/// The reason why a follower refuses, in enough detail to skip all of a term at once (the end of §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Conflict {
    /// The term of the follower's own entry at `prev_log_index`; `None` if its log ends before.
    term: Option<Term>,
    /// The follower's first index of that term; or the index after its last entry.
    index: LogIndex,
}

/// The leader's side.
impl Raft {
    /// "If command received from client: append entry to local log" (Figure 2, "Leaders").
    pub(crate) fn append_command(&self, command: Vec<u8>) -> Option<Started> {
        let mut state = self.state.lock();
        if state.killed || !state.is_leader() {
            return None;
        }
        let term = state.current_term;
        state.log.append(Entry { term, command });
        let index = state.log.last_index();
        state.persist();

        for peer in self.others() {
            self.replicate_if_behind(&mut state, peer);
        }
        self.advance_commit_index(&mut state); // alone, a leader is a majority
        state.check_invariants();
        Some(Started { index, term })
    }

    /// Lets all followers hear from their leader, "to prevent election timeouts" (§5.2).
    pub(crate) fn send_heartbeats(&self, state: &mut State) {
        for peer in self.others() {
            self.send_append_entries(state, peer);
        }
        state.repeat_after(HEARTBEAT_INTERVAL);
        state.restart_election_timer(); // a leader hears from itself
    }

    /// "If last log index >= nextIndex for a follower: send entries starting at nextIndex" (Figure
    /// 2, "Leaders"), unless others are on their way.
    fn replicate_if_behind(&self, state: &mut State, peer: PeerId) {
        let last_index = state.log.last_index();
        let Some(progress) = state.progress(peer) else {
            return;
        };
        if progress.next_index <= last_index && !progress.in_flight {
            self.send_append_entries(state, peer);
        }
    }

    /// Sends all that the follower is not known to have, and that was not sent before.
    fn send_append_entries(&self, state: &mut State, peer: PeerId) {
        let Role::Leader { progress } = &mut state.role else {
            return;
        };
        let log = &state.log;
        let progress = &mut progress[peer];
        if progress.next_index <= log.last_included_index() {
            return self.send_install_snapshot(state, peer);
        }
        let prev_log_index = progress.next_index.prev();
        let args = AppendEntriesArgs {
            term: state.current_term,
            leader_id: self.me,
            prev_log_index,
            prev_log_term: log.term_at(prev_log_index).expect("a leader has every entry since its snapshot"),
            entries: log.entries_from(progress.next_index).to_vec(),
            leader_commit: state.commit_index,
        };
        progress.in_flight = !args.entries.is_empty();
        progress.next_index = log.last_index().next();
        self.spawn("append_entries", move |raft| {
            // No reply may mean that the entries are lost, or that they are there. The next heartbeat
            // names the last of them, so the follower will say.
            if let Some(reply) = raft.peers[peer].append_entries(&args) {
                raft.handle_append_entries_reply(peer, &args, &reply);
            }
        });
    }

    fn handle_append_entries_reply(
        &self,
        peer: PeerId,
        args: &AppendEntriesArgs,
        reply: &AppendEntriesReply,
    ) {
        let mut state = self.state.lock();
        state.observe_term(reply.term);
        // What a follower said in an older term need not be true any more.
        if args.term == state.current_term {
            if reply.success {
                self.acknowledge(&mut state, peer, args.last_new_index());
            } else if let Some(conflict) = reply.conflict {
                self.back_up(&mut state, peer, args.prev_log_index, conflict);
            }
        }
        state.persist();
        state.check_invariants();
    }

    /// "If successful: update nextIndex and matchIndex for follower" (Figure 2, "Leaders"): its log is
    /// known to equal the leader's up to `index`. Replies may come late and in any order.
    pub(crate) fn acknowledge(&self, state: &mut State, peer: PeerId, index: LogIndex) {
        let Some(progress) = state.progress(peer) else {
            return;
        };
        if index > progress.match_index {
            progress.match_index = index;
            progress.next_index = progress.next_index.max(index.next());
            progress.in_flight = false;
            self.advance_commit_index(state);
            self.replicate_if_behind(state, peer);
        }
    }

    /// "If AppendEntries fails because of log inconsistency: decrement nextIndex and retry" (Figure
    /// 2, "Leaders"), but by a whole term (the end of §5.3).
    fn back_up(&self, state: &mut State, peer: PeerId, refused: LogIndex, conflict: Conflict) {
        let Role::Leader { progress } = &mut state.role else {
            return;
        };
        let progress = &mut progress[peer];
        if refused <= progress.match_index || refused >= progress.next_index {
            return; // overtaken by a later answer
        }
        progress.next_index = retry_index(&state.log, conflict).clamp(progress.match_index.next(), refused);
        progress.in_flight = false;
        log::debug!("goes back to {} for server {peer}: {conflict:?}", progress.next_index);
        self.replicate_if_behind(state, peer);
    }

    /// "If there exists an N such that N > commitIndex, a majority of `matchIndex[i]` >= N,
    /// and `log[N].term` == currentTerm: set commitIndex = N" (Figure 2, "Leaders").
    fn advance_commit_index(&self, state: &mut State) {
        let Role::Leader { progress } = &state.role else {
            return;
        };
        let mut stored: Vec<LogIndex> = progress.iter().map(|it| it.match_index).collect();
        stored[self.me] = state.log.last_index();
        let on_majority = majority_index(stored);
        // Entries of older terms are not committed by counting, for a later leader may still replace
        // them (§5.4.2, Figure 8). They are committed with the first entry of this term.
        let of_this_term = state.log.term_at(on_majority) == Some(state.current_term);
        if of_this_term {
            self.commit(state, on_majority);
        }
    }
}

/// The highest index that a majority of servers store, given the highest that each of them stores.
fn majority_index(mut stored: Vec<LogIndex>) -> LogIndex {
    stored.sort_unstable();
    // Sorted, the index at position p is stored by the server there and by all to the right of it.
    stored[(stored.len() - 1) / 2]
}

/// The index of the entry to send next to a follower that refused.
fn retry_index(log: &Log, conflict: Conflict) -> LogIndex {
    match conflict.term.and_then(|term| log.last_index_of(term)) {
        // Both have entries of that term; they can differ only after the leader's last one.
        Some(last_in_common) => last_in_common.next(),
        // The leader has none, so all that the follower has of it must go. Or its log is too short.
        None => conflict.index,
    }
}

/// The follower's side.
impl Raft {
    /// "Receiver implementation" of AppendEntries (Figure 2).
    pub(crate) fn handle_append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        let mut state = self.state.lock();
        // 1. Old term: no.
        if args.term < state.current_term {
            return AppendEntriesReply { term: state.current_term, success: false, conflict: None };
        }
        // New term: here is its leader.
        state.observe_term(args.term);
        state.follow_current_leader();

        // 2. Refuse what does not continue this log.
        let conflict = find_conflict(&state.log, args.prev_log_index, args.prev_log_term);
        if conflict.is_none() {
            let last_new_index = args.last_new_index();
            // 3 and 4. Make the log equal to the leader's, up to the last new entry.
            merge_entries(&mut state.log, args.prev_log_index, args.entries);
            // 5. What is committed there is committed here, but no further than the logs are known
            //    to be equal.
            self.commit(&mut state, args.leader_commit.min(last_new_index));
        }

        state.persist();
        state.check_invariants();
        AppendEntriesReply { term: state.current_term, success: conflict.is_none(), conflict }
    }
}

/// Where a log differs from the leader's, if it has not the entry before the new ones.
fn find_conflict(log: &Log, prev_log_index: LogIndex, prev_log_term: Term) -> Option<Conflict> {
    if prev_log_index < log.last_included_index() {
        return None; // what the snapshot replaced was committed, so the leader has the same
    }
    match log.term_at(prev_log_index) {
        None => Some(Conflict { term: None, index: log.last_index().next() }),
        Some(term) if term != prev_log_term => {
            let index = log.first_index_of(term).unwrap_or(prev_log_index);
            Some(Conflict { term: Some(term), index })
        }
        Some(_) => None,
    }
}

/// Steps 3 and 4 of the receiver, for entries that follow one which the log has.
fn merge_entries(log: &mut Log, prev_log_index: LogIndex, entries: Vec<Entry>) {
    let mut index = prev_log_index;
    for entry in entries {
        index = index.next();
        if index <= log.last_included_index() {
            continue; // the snapshot has it
        }
        // 3. Delete an entry that conflicts with a new one, and all that follow it. But only then: a
        //    request may be late, and what follows may have been acknowledged since.
        if log.term_at(index).is_some_and(|term| term != entry.term) {
            log.truncate_from(index);
        }
        // 4. Append what is not here yet.
        if index > log.last_index() {
            log.append(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::{log_of, terms_of};

    fn indices(stored: &[u64]) -> Vec<LogIndex> {
        stored.iter().copied().map(LogIndex).collect()
    }

    #[test]
    fn a_majority_stores_what_the_middle_server_stores() {
        for (stored, expected) in [
            (&[4][..], 4),
            (&[4, 2], 2),
            (&[4, 0, 0], 0),
            (&[4, 3, 0], 3),
            (&[9, 1, 5, 3], 3),
            (&[7, 7, 0, 0, 0], 0),
            (&[7, 0, 6, 5, 0], 5),
        ] {
            assert_eq!(majority_index(indices(stored)), LogIndex(expected), "of {stored:?}");
        }
    }

    #[test]
    fn a_follower_says_where_its_log_differs() {
        // Terms at indices 1 to 5; then the same with indices 1 and 2 in a snapshot.
        let whole = log_of(&[1, 2, 2, 3, 3]);
        let mut cut = log_of(&[1, 2, 2, 3, 3]);
        cut.compact_to(LogIndex(2));

        for (log, prev_log_index, prev_log_term, expected) in [
            (&whole, 0, 0, None),
            (&whole, 5, 3, None),
            (&whole, 3, 2, None),
            (&whole, 5, 4, Some((Some(3), 4))),
            (&whole, 3, 1, Some((Some(2), 2))),
            (&whole, 6, 3, Some((None, 6))),
            (&whole, 99, 9, Some((None, 6))),
            (&cut, 1, 1, None),
            (&cut, 2, 2, None),
            (&cut, 3, 1, Some((Some(2), 3))),
            (&cut, 6, 3, Some((None, 6))),
        ] {
            let expected =
                expected.map(|(term, index)| Conflict { term: term.map(Term), index: LogIndex(index) });
            let found = find_conflict(log, LogIndex(prev_log_index), Term(prev_log_term));
            assert_eq!(found, expected, "entry {prev_log_index} of term {prev_log_term}");
        }
    }

    /// How many requests it takes until the follower accepts one, and where that one starts.
    fn requests_until_accepted(leader: &Log, follower: &Log) -> (usize, LogIndex) {
        let mut next_index = leader.last_index().next();
        for requests in 1.. {
            let prev = next_index.prev();
            let prev_term = leader.term_at(prev).expect("these leaders have no snapshot");
            match find_conflict(follower, prev, prev_term) {
                Some(conflict) => next_index = retry_index(leader, conflict),
                None => return (requests, next_index),
            }
        }
        unreachable!("each retry starts further back");
    }

    #[test]
    fn a_leader_goes_back_a_term_at_a_time() {
        // The logs of Figure 7, with the leader of term 8 at the top.
        let leader = log_of(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6]);
        for (name, follower, requests, next_index) in [
            ("a", &[1, 1, 1, 4, 4, 5, 5, 6, 6][..], 2, 10),
            ("b", &[1, 1, 1, 4], 2, 5),
            ("c", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6], 1, 11),
            ("d", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7], 1, 11),
            ("e", &[1, 1, 1, 4, 4, 4, 4], 3, 6),
            ("f", &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3, 4),
        ] {
            let found = requests_until_accepted(&leader, &log_of(follower));
            assert_eq!(found, (requests, LogIndex(next_index)), "follower ({name})");
        }
    }

    #[test]
    fn new_entries_replace_only_what_conflicts() {
        let entries = |terms: &[u64]| log_of(terms).entries_from(LogIndex(1)).to_vec();
        for (before, prev_log_index, new, after) in [
            (&[1, 1][..], 2, &[2][..], &[1, 1, 2][..]),
            (&[1, 1], 2, &[], &[1, 1]),
            // A late request does not undo a newer one of the same leader.
            (&[1, 2, 2, 2], 1, &[2], &[1, 2, 2, 2]),
            (&[1, 2, 2, 2], 0, &[1, 2], &[1, 2, 2, 2]),
            // Another leader's entries go, with everything after them.
            (&[1, 2, 2, 2], 1, &[3], &[1, 3]),
            (&[1, 2, 2, 2], 1, &[2, 3], &[1, 2, 3]),
        ] {
            let mut log = log_of(before);
            merge_entries(&mut log, LogIndex(prev_log_index), entries(new));
            assert_eq!(terms_of(&log), after, "{new:?} after {prev_log_index} of {before:?}");
        }

        // Entries that are in the snapshot by now are passed over.
        let mut log = log_of(&[1, 2, 2]);
        log.compact_to(LogIndex(2));
        merge_entries(&mut log, LogIndex(0), entries(&[1, 2, 2, 2]));
        assert_eq!((log.last_included_index(), terms_of(&log)), (LogIndex(2), vec![2, 2]));
        // Even if a peer claims that they were others.
        merge_entries(&mut log, LogIndex(0), entries(&[1, 3, 2]));
        assert_eq!((log.last_included_index(), terms_of(&log)), (LogIndex(2), vec![2, 2]));
    }
}

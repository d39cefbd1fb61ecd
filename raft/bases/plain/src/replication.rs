//! The box "AppendEntries RPC" of Figure 2, and the rules for leaders.

use labapi::{LogIndex, Started, Term};
use serde::{Deserialize, Serialize};

use crate::log::{Entry, MAX_ENTRIES};
use crate::peer::{Raft, RaftClient};
use crate::state::{Role, State};

/// A leader sends entries, or none as a heartbeat.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesArgs {
    pub(crate) term: Term,
    pub(crate) leader_id: usize,
    pub(crate) prev_log_index: LogIndex,
    pub(crate) prev_log_term: Term,
    pub(crate) entries: Vec<Entry>,
    pub(crate) leader_commit: LogIndex,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesReply {
    pub(crate) term: Term,
    pub(crate) success: bool,
    /// After a refusal: the term of the entry that conflicts; `None` if the log is too short.
    pub(crate) conflict_term: Option<Term>,
    /// After a refusal: the first index of that term, or the index after the last entry.
    pub(crate) conflict_index: LogIndex,
}

impl Raft {
    /// "If command received from client: append entry to local log."
    pub(crate) fn append_command(&self, command: Vec<u8>) -> Option<Started> {
        let mut state = self.state.lock();
        if state.killed || state.role != Role::Leader {
            return None;
        }
        let term = state.current_term;
        state.log.push(Entry { term, command });
        self.persist(&state);
        for peer in self.others() {
            // A server that lacks more has been away for long, and gets the next heartbeat first.
            let lacks = state.log.last_index().0.saturating_sub(state.next_index[peer].0);
            if lacks < MAX_ENTRIES as u64 {
                self.replicate(&state, peer);
            }
        }
        self.advance_commit_index(&mut state);
        Some(Started { index: state.log.last_index(), term })
    }

    /// "Send AppendEntries RPC with log entries starting at nextIndex", or the snapshot if they are gone
    /// (§7).
    pub(crate) fn replicate(&self, state: &State, peer: usize) {
        let next_index = state.next_index[peer];
        if next_index <= state.log.head() {
            self.send_snapshot(state, peer);
            return;
        }
        let prev_log_index = next_index.prev();
        let args = AppendEntriesArgs {
            term: state.current_term,
            leader_id: self.me,
            prev_log_index,
            prev_log_term: state.log.term(prev_log_index),
            entries: state.log.from(next_index),
            leader_commit: state.commit_index,
        };
        self.spawn("append_entries", move |raft| {
            if let Some(reply) = raft.peers[peer].append_entries(&args) {
                raft.on_append_entries_reply(peer, &args, &reply);
            }
        });
    }

    fn on_append_entries_reply(&self, peer: usize, args: &AppendEntriesArgs, reply: &AppendEntriesReply) {
        let mut state = self.state.lock();
        if reply.term > state.current_term {
            state.become_follower(reply.term);
            self.persist(&state);
            return;
        }
        // An answer of an older term changes nothing.
        if args.term != state.current_term || state.role != Role::Leader {
            return;
        }
        if reply.success {
            // "If successful: update nextIndex and matchIndex for follower."
            let matched = LogIndex(args.prev_log_index.0 + args.entries.len() as u64);
            state.match_index[peer] = state.match_index[peer].max(matched);
            state.next_index[peer] = state.match_index[peer].next();
            self.advance_commit_index(&mut state);
            if args.entries.len() == MAX_ENTRIES {
                self.replicate(&state, peer); // there may be more
            }
        } else {
            // "If AppendEntries fails because of log inconsistency: decrement nextIndex and retry."
            let last_of_term = reply.conflict_term.and_then(|term| state.log.last_of(term));
            state.next_index[peer] = last_of_term.map_or(reply.conflict_index, LogIndex::next);
            self.replicate(&state, peer);
        }
    }

    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and log[N].term ==
    /// currentTerm: set commitIndex = N."
    fn advance_commit_index(&self, state: &mut State) {
        let mut n = state.log.last_index();
        while n > state.commit_index && state.log.term(n) == state.current_term {
            let others = self.others().filter(|&peer| state.match_index[peer] >= n).count();
            if others + 1 > self.peers.len() / 2 {
                state.commit_index = n;
                self.applier.notify_all();
                return;
            }
            n = n.prev();
        }
    }

    /// The receiver.
    pub(crate) fn on_append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        let mut state = self.state.lock();
        // 1. "Reply false if term < currentTerm."
        if args.term < state.current_term {
            return refusal(&state, None, LogIndex(0));
        }
        if args.term > state.current_term {
            state.become_follower(args.term);
            self.persist(&state);
        }
        // "If AppendEntries RPC received from new leader: convert to follower."
        state.role = Role::Follower;
        state.reset_election_timer();

        // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm."
        //    What the snapshot replaced was committed, so it matches.
        let prev = args.prev_log_index;
        if prev > state.log.last_index() {
            return refusal(&state, None, state.log.last_index().next());
        }
        if prev >= state.log.head() && state.log.term(prev) != args.prev_log_term {
            let term = state.log.term(prev);
            return refusal(&state, Some(term), state.log.first_of(term).unwrap_or(prev));
        }
        // "Index of last new entry."
        let last_new = LogIndex(prev.0 + args.entries.len() as u64);
        let mut index = prev;
        for entry in args.entries {
            index = index.next();
            if index <= state.log.head() {
                continue;
            }
            // 3. "If an existing entry conflicts with a new one (same index but different terms), delete the
            //    existing entry and all that follow it."
            if state.log.has(index) && state.log.term(index) != entry.term {
                state.log.truncate(index);
            }
            // 4. "Append any new entries not already in the log."
            if !state.log.has(index) {
                state.log.push(entry);
            }
        }
        self.persist(&state);
        // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)."
        let commit_index = args.leader_commit.min(last_new);
        if commit_index > state.commit_index {
            state.commit_index = commit_index;
            self.applier.notify_all();
        }
        let term = state.current_term;
        AppendEntriesReply { term, success: true, conflict_term: None, conflict_index: LogIndex(0) }
    }
}

fn refusal(state: &State, conflict_term: Option<Term>, conflict_index: LogIndex) -> AppendEntriesReply {
    AppendEntriesReply { term: state.current_term, success: false, conflict_term, conflict_index }
}

//! Log replication: the box "AppendEntries RPC" of Figure 2 (§5.3, §5.4.2), with quorums of the
//! configuration.

use labapi::{LogIndex, Term};
use labrt::time::Instant;
use serde::{Deserialize, Serialize};

use crate::log::{Entry, Log, Payload};
use crate::server::{PeerId, Server, ServerClient};
use crate::state::{Role, State};
use crate::timer::HEARTBEAT_INTERVAL;

/// A leader sends entries; without any it is a heartbeat.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesArgs {
    pub(crate) term: Term,
    pub(crate) leader_id: PeerId,
    pub(crate) prev_log_index: LogIndex,
    pub(crate) prev_log_term: Term,
    pub(crate) entries: Vec<Entry>,
    pub(crate) leader_commit: LogIndex,
}

impl AppendEntriesArgs {
    /// The last index that the follower has in common with the leader, once it has accepted.
    fn last_new_index(&self) -> LogIndex {
        LogIndex(self.prev_log_index.0 + self.entries.len() as u64)
    }
}

/// The answer to [`AppendEntriesArgs`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesReply {
    pub(crate) term: Term,
    pub(crate) success: bool,
    /// If the follower refuses: the next index to try. The end of §5.3.
    pub(crate) conflict_index: LogIndex,
}

/// The leader's side.
impl Server {
    /// Appends an entry to the leader's log, and sends it.
    pub(crate) fn append(&self, state: &mut State, payload: Payload) -> LogIndex {
        let term = state.current_term;
        state.log.append(Entry { term, payload });
        let index = state.log.last_index();
        state.persist();
        for peer in self.recipients(state) {
            self.replicate_if_behind(state, peer);
        }
        self.advance_commit_index(state); // alone, a leader is a majority
        state.check_invariants();
        index
    }

    /// The servers that are sent entries.
    fn recipients(&self, state: &mut State) -> Vec<PeerId> {
        state.leadership().map_or(Vec::new(), |leadership| leadership.progress.keys().copied().collect())
    }

    /// Lets all others hear from their leader.
    pub(crate) fn send_heartbeats(&self, state: &mut State) {
        for peer in self.recipients(state) {
            self.send_append_entries(state, peer);
        }
        state.repeat_after(HEARTBEAT_INTERVAL);
    }

    /// Sends what a server lacks, unless other entries are on their way.
    pub(crate) fn replicate_if_behind(&self, state: &mut State, peer: PeerId) {
        let last_index = state.log.last_index();
        if state.progress(peer).is_some_and(|it| it.next_index <= last_index && !it.in_flight) {
            self.send_append_entries(state, peer);
        }
    }

    /// Sends all that the server is not known to have, and that was not sent before.
    fn send_append_entries(&self, state: &mut State, peer: PeerId) {
        let Role::Leader(leadership) = &mut state.role else { return };
        let Some(progress) = leadership.progress.get_mut(&peer) else { return };
        if progress.next_index <= state.log.base().last_included_index {
            return self.send_install_snapshot(state, peer);
        }
        let prev_log_index = progress.next_index.prev();
        let prev_log_term = state.log.term_at(prev_log_index);
        let args = AppendEntriesArgs {
            term: state.current_term,
            leader_id: self.me,
            prev_log_index,
            prev_log_term: prev_log_term.expect("a leader has every entry since its snapshot"),
            entries: state.log.entries_from(progress.next_index).to_vec(),
            leader_commit: state.commit_index,
        };
        progress.in_flight = !args.entries.is_empty();
        progress.next_index = state.log.last_index().next();
        let sent = Instant::now();
        self.spawn("append_entries", move |server| {
            if let Some(reply) = server.end(peer).append_entries(&args) {
                server.handle_append_entries_reply(peer, &args, &reply, sent);
            }
        });
    }

    fn handle_append_entries_reply(
        &self,
        peer: PeerId,
        args: &AppendEntriesArgs,
        reply: &AppendEntriesReply,
        sent: Instant,
    ) {
        let mut state = self.state.lock();
        self.observe_term(&mut state, reply.term);
        self.note_contact(&mut state, peer, args.term, sent);
        if args.term == state.current_term {
            if reply.success {
                self.acknowledge(&mut state, peer, args.last_new_index());
            } else {
                self.back_up(&mut state, peer, args.prev_log_index, reply.conflict_index);
            }
        }
        state.persist();
        state.check_invariants();
    }

    /// The server's log is known to equal the leader's up to `index`.
    pub(crate) fn acknowledge(&self, state: &mut State, peer: PeerId, index: LogIndex) {
        let Some(progress) = state.progress(peer) else { return };
        if index > progress.match_index {
            progress.match_index = index;
            progress.next_index = progress.next_index.max(index.next());
            progress.in_flight = false;
            self.advance_commit_index(state);
            self.replicate_if_behind(state, peer);
            self.advance_change(state);
            self.advance_transfer(state);
        }
    }

    /// The server lacks the entry at `refused`.
    fn back_up(&self, state: &mut State, peer: PeerId, refused: LogIndex, conflict_index: LogIndex) {
        let Some(progress) = state.progress(peer) else { return };
        if refused > progress.match_index && refused < progress.next_index {
            progress.next_index = conflict_index.clamp(progress.match_index.next(), refused);
            progress.in_flight = false;
            self.replicate_if_behind(state, peer);
        }
    }

    /// "If there exists an N such that N > commitIndex, a majority of `matchIndex[i]` >= N, and `log[N].term`
    /// == currentTerm: set commitIndex = N" (Figure 2), of both majorities if need be.
    pub(crate) fn advance_commit_index(&self, state: &mut State) {
        let Role::Leader(leadership) = &state.role else { return };
        let stored_by_quorum = state.log.configuration().1.agreed(|peer| {
            if peer == self.me {
                return state.log.last_index();
            }
            leadership.progress.get(&peer).map_or(LogIndex(0), |progress| progress.match_index)
        });
        let is_of_this_term = state.log.term_at(stored_by_quorum) == Some(state.current_term);
        if is_of_this_term && stored_by_quorum > state.commit_index {
            self.commit(state, stored_by_quorum);
            self.readers.notify_all();
            self.continue_change(state);
        }
    }
}

/// The follower's side.
impl Server {
    /// "Receiver implementation" of AppendEntries (Figure 2).
    pub(crate) fn handle_append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        let mut state = self.state.lock();
        if args.term < state.current_term {
            return AppendEntriesReply {
                term: state.current_term,
                success: false,
                conflict_index: LogIndex(0),
            };
        }
        self.observe_term(&mut state, args.term);
        state.follow_current_leader();

        let conflict = find_conflict(&state.log, args.prev_log_index, args.prev_log_term);
        if conflict.is_none() {
            let last_new_index = args.last_new_index();
            merge_entries(&mut state.log, args.prev_log_index, args.entries);
            self.commit(&mut state, args.leader_commit.min(last_new_index));
        }
        state.persist();
        state.check_invariants();
        AppendEntriesReply {
            term: state.current_term,
            success: conflict.is_none(),
            conflict_index: conflict.unwrap_or_default(),
        }
    }
}

/// The next index to try, if the log has not the entry before the new ones.
fn find_conflict(log: &Log, prev_log_index: LogIndex, prev_log_term: Term) -> Option<LogIndex> {
    if prev_log_index < log.base().last_included_index {
        return None; // what the snapshot replaced was committed, so the leader has the same
    }
    match log.term_at(prev_log_index) {
        None => Some(log.last_index().next()),
        Some(term) => (term != prev_log_term).then(|| log.first_of_term_at(prev_log_index)),
    }
}

/// Steps 3 and 4 of the receiver, for entries that follow one which the log has.
fn merge_entries(log: &mut Log, prev_log_index: LogIndex, entries: Vec<Entry>) {
    let mut index = prev_log_index;
    for entry in entries {
        index = index.next();
        if index <= log.base().last_included_index {
            continue; // the snapshot has it
        }
        if log.term_at(index).is_some_and(|term| term != entry.term) {
            log.truncate_from(index);
        }
        if index > log.last_index() {
            log.append(entry);
        }
    }
}

//! Log replication: the box "AppendEntries RPC" of Figure 2. How logs are made equal: §5.3. What
//! may be called committed: §5.3 and §5.4.2.

use labapi::{LogIndex, Started, Term};
use serde::{Deserialize, Serialize};

use crate::log::{Entry, Log};
use crate::peer::{PeerId, Raft};
use crate::state::{Progress, Role, State};

/// A leader sends entries; without any it is a heartbeat.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesArgs {
    /// The leader's term.
    pub(crate) term: Term,
    /// Who leads.
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

/// Why a follower refuses, in enough detail to skip all of a term at once (the end of §5.3).
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
            self.send_news(&mut state, peer);
        }
        self.advance_commit_index(&mut state); // alone, a leader is a majority
        state.check_invariants();
        Some(Started { index, term })
    }

    /// Lets all followers hear from their leader, "to prevent election timeouts" (§5.2).
    pub(crate) fn send_heartbeats(&self, state: &mut State) {
        state.restart_heartbeat_timer();
        for peer in self.others() {
            self.send_append_entries(state, peer);
        }
    }

    /// "If last log index >= nextIndex for a follower: send entries starting at nextIndex" (Figure
    /// 2, "Leaders"), unless others are on their way.
    fn send_news(&self, state: &mut State, peer: PeerId) {
        let last_index = state.log.last_index();
        if state
            .progress(peer)
            .is_some_and(|it| !it.in_flight && last_index >= it.next_index)
        {
            self.send_append_entries(state, peer);
        }
    }

    /// Sends all that the follower is not known to have, and that was not sent before.
    fn send_append_entries(&self, state: &mut State, peer: PeerId) {
        let State {
            role: Role::Leader { progress },
            log,
            ..
        } = state
        else {
            return;
        };
        let progress = &mut progress[peer];
        if progress.next_index <= log.last_included_index() {
            return self.send_install_snapshot(state, peer);
        }
        let prev_log_index = progress.next_index.prev();
        let args = AppendEntriesArgs {
            term: state.current_term,
            leader_id: self.me,
            prev_log_index,
            prev_log_term: log
                .term_at(prev_log_index)
                .expect("a leader has every entry since its snapshot"),
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
                back_up(&mut state, peer, args.prev_log_index, conflict);
            }
            self.send_news(&mut state, peer);
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
        }
    }

    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and
    /// log[N].term == currentTerm: set commitIndex = N" (Figure 2, "Leaders").
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
        if of_this_term && on_majority > state.commit_index {
            state.commit_index = on_majority;
            self.applier.notify_one();
        }
    }
}

/// The highest index that a majority of servers store, given the highest that each of them stores.
fn majority_index(mut stored: Vec<LogIndex>) -> LogIndex {
    stored.sort_unstable();
    // Sorted, the index at position p is stored by the server there and by all to the right of it.
    stored[(stored.len() - 1) / 2]
}

/// "If AppendEntries fails because of log inconsistency: decrement nextIndex and retry" (Figure 2,
/// "Leaders"), but by a term at a time (the end of §5.3).
fn back_up(state: &mut State, peer: PeerId, refused: LogIndex, conflict: Conflict) {
    let State {
        role: Role::Leader { progress },
        log,
        ..
    } = state
    else {
        return;
    };
    let progress = &mut progress[peer];
    if refused <= progress.match_index || refused >= progress.next_index {
        return; // overtaken by a later answer
    }
    progress.next_index = retry_index(log, conflict).clamp(progress.match_index.next(), refused);
    progress.in_flight = false;
    log::debug!(
        "goes back to {} for server {peer}, which has {conflict:?}",
        progress.next_index
    );
}

/// Which entry to send next to a follower that refused.
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
            return AppendEntriesReply {
                term: state.current_term,
                success: false,
                conflict: None,
            };
        }
        // New term: here is its leader.
        state.observe_term(args.term);
        state.heed_leader();

        // 2. Refuse what does not continue this log.
        let conflict = find_conflict(&state.log, args.prev_log_index, args.prev_log_term);
        if conflict.is_none() {
            self.accept_entries(&mut state, args);
        }

        state.persist();
        state.check_invariants();
        AppendEntriesReply {
            term: state.current_term,
            success: conflict.is_none(),
            conflict,
        }
    }

    /// Steps 3 to 5 of the receiver.
    fn accept_entries(&self, state: &mut State, args: AppendEntriesArgs) {
        let last_new_index = args.last_new_index();
        let mut index = args.prev_log_index;
        for entry in args.entries {
            index = index.next();
            if index <= state.log.last_included_index() {
                continue; // the snapshot has it
            }
            // 3. Delete an entry that conflicts with a new one, and all that follow it. No others:
            //    the request may be an old one, and what follows may be acknowledged already.
            if state.log.term_at(index).is_some_and(|term| term != entry.term) {
                state.log.truncate_from(index);
            }
            // 4. Append what is not here yet.
            if index > state.log.last_index() {
                state.log.append(entry);
            }
        }
        // 5. What the leader has committed is committed, as far as this log is known to equal its.
        let commit_index = args.leader_commit.min(last_new_index);
        if commit_index > state.commit_index {
            state.commit_index = commit_index;
            self.applier.notify_one();
        }
    }
}

/// Where a log differs from the leader's, if it has not the entry before the new ones.
fn find_conflict(log: &Log, prev_log_index: LogIndex, prev_log_term: Term) -> Option<Conflict> {
    if prev_log_index < log.last_included_index() {
        return None; // what the snapshot replaced was committed, so the leader has the same
    }
    match log.term_at(prev_log_index) {
        None => Some(Conflict {
            term: None,
            index: log.last_index().next(),
        }),
        Some(term) if term != prev_log_term => {
            let index = log.first_index_of(term).unwrap_or(prev_log_index);
            Some(Conflict {
                term: Some(term),
                index,
            })
        }
        Some(_) => None,
    }
}

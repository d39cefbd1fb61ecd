//! Snapshots (§7), and the box "InstallSnapshot RPC" of Figure 13. Snapshots travel whole.

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

use crate::log::Log;
use crate::peer::{Raft, RaftClient};
use crate::state::{Role, State};

/// A leader sends its snapshot.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotArgs {
    pub(crate) term: Term,
    pub(crate) leader_id: usize,
    pub(crate) last_included_index: LogIndex,
    pub(crate) last_included_term: Term,
    #[serde(with = "labgob::bytes")]
    pub(crate) data: Vec<u8>,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotReply {
    pub(crate) term: Term,
}

impl Raft {
    /// The service's snapshot holds the effect of all commands up to `index`.
    pub(crate) fn take_service_snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        let mut state = self.state.lock();
        if index <= state.log.head() {
            return; // the leader's came first
        }
        state.log.trim(index);
        state.snapshot = snapshot;
        self.persist(&state);
    }

    /// The sender.
    pub(crate) fn send_snapshot(&self, state: &State, peer: usize) {
        let args = InstallSnapshotArgs {
            term: state.current_term,
            leader_id: self.me,
            last_included_index: state.log.head(),
            last_included_term: state.log.head_term(),
            data: state.snapshot.clone(),
        };
        self.spawn("install_snapshot", move |raft| {
            if let Some(reply) = raft.peers[peer].install_snapshot(&args) {
                raft.on_install_snapshot_reply(peer, &args, &reply);
            }
        });
    }

    fn on_install_snapshot_reply(
        &self,
        peer: usize,
        args: &InstallSnapshotArgs,
        reply: &InstallSnapshotReply,
    ) {
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
        state.match_index[peer] = state.match_index[peer].max(args.last_included_index);
        state.next_index[peer] = state.match_index[peer].next();
        // The entries after the snapshot follow at once.
        if state.log.has(state.next_index[peer]) {
            self.replicate(&state, peer);
        }
    }

    /// The receiver.
    pub(crate) fn on_install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        let mut state = self.state.lock();
        // 1. "Reply immediately if term < currentTerm."
        if args.term < state.current_term {
            return InstallSnapshotReply { term: state.current_term };
        }
        if args.term > state.current_term {
            state.become_follower(args.term);
            self.persist(&state);
        }
        state.role = Role::Follower;
        state.reset_election_timer();
        let term = state.current_term;

        // 5. A snapshot of what is committed here brings nothing new.
        let last = args.last_included_index;
        if last <= state.commit_index {
            return InstallSnapshotReply { term };
        }
        if state.log.has(last) && state.log.term(last) == args.last_included_term {
            // 6. "If existing log entry has same index and term as snapshot's last included entry, retain log
            //    entries following it."
            state.log.trim(last);
        } else {
            // 7. "Discard the entire log."
            state.log = Log::after(last, args.last_included_term);
        }
        state.snapshot = args.data;
        self.persist(&state);
        // 8. "Reset state machine using snapshot contents."
        state.commit_index = last;
        state.snapshot_is_due = true;
        self.applier.notify_all();
        InstallSnapshotReply { term }
    }
}

//! Log compaction (§7): the service replaces the beginning of the log by a snapshot, and a leader
//! sends it to a follower that needs what is gone (Figure 13).

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

use crate::peer::{PeerId, Raft, RaftClient};
use crate::state::State;

/// A leader sends its snapshot, whole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotArgs {
    /// The leader's term.
    pub(crate) term: Term,
    /// The leader.
    pub(crate) leader_id: PeerId,
    /// The snapshot replaces all entries up to and including this index.
    pub(crate) last_included_index: LogIndex,
    /// The term of the entry at that index.
    pub(crate) last_included_term: Term,
    /// The snapshot, in the service's own encoding.
    #[serde(with = "labgob::bytes")]
    pub(crate) data: Vec<u8>,
}

/// The answer to [`InstallSnapshotArgs`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotReply {
    /// The follower's term, for the leader to follow if it is newer.
    pub(crate) term: Term,
}

/// The service's side.
impl Raft {
    /// The service's `snapshot` holds the effect of all commands up to and including `index`.
    pub(crate) fn compact_log(&self, index: LogIndex, snapshot: Vec<u8>) {
        let mut state = self.state.lock();
        if index <= state.log.last_included_index() {
            return; // the leader's was further
        }
        assert!(
            index <= state.last_applied,
            "a snapshot up to {index} holds commands that were not delivered"
        );
        state.log.compact_to(index);
        state.snapshot = snapshot;
        state.persist();
        state.check_invariants();
    }
}

/// The leader's side.
impl Raft {
    /// Sends the snapshot to a follower that needs entries which it replaced.
    pub(crate) fn send_install_snapshot(&self, state: &mut State, peer: PeerId) {
        let args = InstallSnapshotArgs {
            term: state.current_term,
            leader_id: self.me,
            last_included_index: state.log.last_included_index(),
            last_included_term: state.log.last_included_term(),
            data: state.snapshot.clone(),
        };
        let Some(progress) = state.progress(peer) else {
            return;
        };
        progress.in_flight = true;
        progress.next_index = args.last_included_index.next();
        self.spawn("install_snapshot", move |raft| {
            if let Some(reply) = raft.peers[peer].install_snapshot(&args) {
                raft.handle_install_snapshot_reply(peer, &args, &reply);
            }
        });
    }

    fn handle_install_snapshot_reply(
        &self,
        peer: PeerId,
        args: &InstallSnapshotArgs,
        reply: &InstallSnapshotReply,
    ) {
        let mut state = self.state.lock();
        state.observe_term(reply.term);
        // As with AppendEntries: an answer counts in its own term.
        if args.term == state.current_term {
            self.acknowledge(&mut state, peer, args.last_included_index);
        }
        state.persist();
        state.check_invariants();
    }
}

/// The follower's side.
impl Raft {
    /// "Receiver implementation" of InstallSnapshot (Figure 13), without its steps 2 to 4, which are
    /// about pieces.
    pub(crate) fn handle_install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        let mut state = self.state.lock();
        // 1. Old term: no.
        if args.term < state.current_term {
            return InstallSnapshotReply { term: state.current_term };
        }
        // New term: here is its leader.
        state.observe_term(args.term);
        state.follow_current_leader();

        // 5. A snapshot of what is committed here already brings nothing new.
        if args.last_included_index > state.commit_index {
            self.accept_snapshot(&mut state, args);
        }

        state.persist();
        state.check_invariants();
        InstallSnapshotReply { term: state.current_term }
    }

    /// Steps 6 to 8 of the receiver.
    fn accept_snapshot(&self, state: &mut State, args: InstallSnapshotArgs) {
        log::debug!("installs server {}'s snapshot up to {}", args.leader_id, args.last_included_index);
        if state.log.term_at(args.last_included_index) == Some(args.last_included_term) {
            // 6. The log goes further: keep the rest of it.
            state.log.compact_to(args.last_included_index);
        } else {
            // 7. Otherwise discard it.
            state.log.restart_after(args.last_included_index, args.last_included_term);
        }
        // 8. The service gets the snapshot from the applier, which sees that it has fallen behind.
        state.snapshot = args.data;
        self.commit(state, args.last_included_index);
    }
}

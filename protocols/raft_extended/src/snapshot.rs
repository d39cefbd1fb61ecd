//! Log compaction (§7, Figure 13). "The snapshot also includes the latest configuration in the log as of last
//! included index": it travels in [`Base`].

use labapi::{LogIndex, Term};
use labrt::time::Instant;
use serde::{Deserialize, Serialize};

use crate::log::Base;
use crate::server::{PeerId, Server, ServerClient};
use crate::state::State;

/// A leader sends its snapshot, whole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotArgs {
    pub(crate) term: Term,
    pub(crate) leader_id: PeerId,
    pub(crate) base: Base,
    #[serde(with = "labgob::bytes")]
    pub(crate) data: Vec<u8>,
}

/// The answer to [`InstallSnapshotArgs`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstallSnapshotReply {
    pub(crate) term: Term,
}

impl Server {
    /// The service's `snapshot` holds the effect of all entries up to and including `index`.
    pub(crate) fn compact_log(&self, index: LogIndex, snapshot: Vec<u8>) {
        let mut state = self.state.lock();
        if index <= state.log.base().last_included_index {
            return; // the leader's was further
        }
        state.log.compact_to(index);
        state.snapshot = snapshot;
        state.persist();
        state.check_invariants();
    }

    /// Sends the snapshot to a server that needs entries which it replaced.
    pub(crate) fn send_install_snapshot(&self, state: &mut State, peer: PeerId) {
        let (term, leader_id, base) = (state.current_term, self.me, state.log.base().clone());
        let args = InstallSnapshotArgs { term, leader_id, base, data: state.snapshot.clone() };
        let Some(progress) = state.progress(peer) else { return };
        progress.in_flight = true;
        progress.next_index = args.base.last_included_index.next();
        let sent = Instant::now();
        self.spawn("install_snapshot", move |server| {
            if let Some(reply) = server.end(peer).install_snapshot(&args) {
                server.handle_install_snapshot_reply(peer, &args, &reply, sent);
            }
        });
    }

    fn handle_install_snapshot_reply(
        &self,
        peer: PeerId,
        args: &InstallSnapshotArgs,
        reply: &InstallSnapshotReply,
        sent: Instant,
    ) {
        let mut state = self.state.lock();
        self.observe_term(&mut state, reply.term);
        self.note_contact(&mut state, peer, args.term, sent);
        if args.term == state.current_term {
            self.acknowledge(&mut state, peer, args.base.last_included_index);
        }
        state.persist();
        state.check_invariants();
    }

    /// "Receiver implementation" of InstallSnapshot (Figure 13), without pieces.
    pub(crate) fn handle_install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        let mut state = self.state.lock();
        if args.term < state.current_term {
            return InstallSnapshotReply { term: state.current_term };
        }
        self.observe_term(&mut state, args.term);
        state.follow_current_leader();

        let index = args.base.last_included_index;
        if index > state.commit_index {
            if state.log.term_at(index) == Some(args.base.last_included_term) {
                state.log.compact_to(index); // 6. The log goes further: keep the rest of it.
            } else {
                state.log.restart_after(args.base); // 7. Otherwise discard it.
            }
            state.snapshot = args.data;
            self.commit(&mut state, index);
        }
        state.persist();
        state.check_invariants();
        InstallSnapshotReply { term: state.current_term }
    }
}

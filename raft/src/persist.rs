//! What survives a crash: the persistent state of Figure 2 and, as §7 adds, the snapshot with the
//! index and term at its end.
//!
//! Everything is saved at once, so that log and snapshot always fit together. It is saved by the last
//! step of each handler that changed something, and always before anyone else can learn of
//! the change: "updated on stable storage before responding to RPCs" (Figure 2), and before sending
//! them. A server that forgot its vote could vote twice; one that forgot entries could undo a
//! majority.

use labapi::Term;
use labrt::time::Instant;
use persister::Persister;

use crate::log::Log;
use crate::peer::PeerId;
use crate::state::{Role, State};

/// Tells one version of the persistent state from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Saved {
    current_term: Term,
    voted_for: Option<PeerId>,
    /// Stands for the log, and for the snapshot, which never changes without it.
    log_changes: u64,
}

/// What is encoded as Raft state.
type Persistent<L> = (Term, Option<PeerId>, L);

impl State {
    /// The state of a server that starts: for the first time, or after a crash.
    pub(crate) fn restore(persister: Persister) -> Self {
        let bytes = persister.read_raft_state();
        let (current_term, voted_for, log): Persistent<Log> = if bytes.is_empty() {
            Default::default()
        } else {
            labgob::decode(&bytes).expect("these bytes were made by `persist`")
        };
        // What a snapshot holds was committed and applied. The service restores it by itself.
        let applied = log.last_included_index();
        let mut state = Self {
            saved: Saved {
                current_term,
                voted_for,
                log_changes: log.changes(),
            },
            current_term,
            voted_for,
            log,
            snapshot: persister.read_snapshot(),
            commit_index: applied,
            last_applied: applied,
            role: Role::Follower,
            election_deadline: Instant::now(),
            repeat_deadline: Instant::now(),
            killed: false,
            persister,
        };
        state.restart_election_timer();
        state
    }

    /// Saves the persistent state if it has changed since the last time.
    pub(crate) fn persist(&mut self) {
        if self.is_saved() {
            return;
        }
        let persistent: Persistent<&Log> = (self.current_term, self.voted_for, &self.log);
        let bytes = labgob::encode(&persistent).expect("terms, votes and entries can be encoded");
        self.persister.save(&bytes, &self.snapshot);
        self.saved = self.version();
    }

    /// Whether all persistent state is saved.
    pub(crate) fn is_saved(&self) -> bool {
        self.saved == self.version()
    }

    /// Size in bytes of what is saved, without the snapshot.
    pub(crate) fn persist_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }

    fn version(&self) -> Saved {
        Saved {
            current_term: self.current_term,
            voted_for: self.voted_for,
            log_changes: self.log.changes(),
        }
    }
}

//! The persistent state: that of Figure 2, the snapshot, and the configuration that the snapshot replaces. It
//! is saved whole, by the last step of each handler that changed something.

use labapi::{LogIndex, Term};
use labrt::time::Instant;
use persister::Persister;

use crate::log::{Base, Entry, Log};
use crate::membership::Configuration;
use crate::server::PeerId;
use crate::state::{Role, State};

/// The persistent state as saved last: term, vote, and the number of changes of the log.
pub(crate) type Saved = (Term, Option<PeerId>, u64);

/// The persistent state in the form in which it is saved.
type Image = (Term, Option<PeerId>, Base, Vec<Entry>);

impl State {
    /// The state of a server that starts: for the first time, or after a crash. `first` is the configuration
    /// that the cluster began with.
    pub(crate) fn restore(persister: Persister, first: Configuration) -> Self {
        let bytes = persister.read_raft_state();
        let (current_term, voted_for, base, entries): Image = if bytes.is_empty() {
            (Term(0), None, Base::beginning(first), Vec::new())
        } else {
            labgob::decode(&bytes).expect("these bytes were made by `persist`")
        };
        let applied: LogIndex = base.last_included_index;
        let log = Log::new(base, entries);
        let now = Instant::now();
        let mut state = Self {
            current_term,
            voted_for,
            saved: (current_term, voted_for, log.changes()),
            log,
            snapshot: persister.read_snapshot(),
            commit_index: applied,
            last_applied: applied,
            role: Role::Follower,
            heard_leader: now,
            election_deadline: now,
            repeat_deadline: now,
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
        self.saved = (self.current_term, self.voted_for, self.log.changes());
        let image = (self.current_term, self.voted_for, self.log.base(), self.log.entries());
        let bytes = labgob::encode(&image).expect("numbers, sets and bytes can be encoded");
        self.persister.save(&bytes, &self.snapshot);
    }

    /// Whether all persistent state is saved.
    pub(crate) fn is_saved(&self) -> bool {
        self.saved == (self.current_term, self.voted_for, self.log.changes())
    }

    /// Size in bytes of what is saved, without the snapshot.
    pub(crate) fn persist_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }
}

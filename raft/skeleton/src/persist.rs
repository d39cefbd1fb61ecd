//! The state that survives a crash (part 3C): "Persistent state on all servers" in Figure 2.

use persister::Persister;

use crate::peer::{Raft, State};

impl Raft {
    /// Saves what Figure 2 calls persistent: `labgob::encode` makes bytes of any value that is `Serialize`,
    /// also of a tuple of references, and `persister.save` replaces what was saved before.
    ///
    /// - Call it wherever one of these values has changed, and *before* anybody can learn of it: before a
    ///   reply, before a request. A crash may come between any two lines.
    /// - From 3D on it also saves the snapshot, each time: saving nothing in its place erases it.
    pub(crate) fn persist(&self, state: &State) {
        todo!("raft::persist, part 3C")
    }
}

impl State {
    /// The state of a server that starts: as at the beginning of time, or as it was saved.
    ///
    /// - `labgob::decode` is the way back from `labgob::encode`, given the same types.
    /// - In 3D, what is in the snapshot has been committed and applied: `commit_index` and `last_applied`
    ///   begin there.
    pub(crate) fn restore(persister: &Persister) -> Self {
        if persister.read_raft_state().is_empty() {
            return Self::default();
        }
        todo!("raft::restore, part 3C")
    }
}

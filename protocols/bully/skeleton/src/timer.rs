//! When something is due that no message brings about.

use crate::node::Bully;

// Your constants here: how often a leader sends heartbeats, and how long a node waits to hear of its leader,
// for an answer, and for a victory. `docs/lab-bully.md` says how they depend on each other.

impl Bully {
    /// The timer's thread: starts the first election at once. From then on it does whatever is due, until the
    /// node is killed.
    ///
    /// - A leader sends heartbeats.
    /// - A follower that has heard nothing of its leader for too long starts an election.
    /// - A candidate that nobody has answered in time has won. Until then it asks again: a message may get
    ///   lost, or the others cannot be reached yet when the node starts.
    /// - A candidate that was answered and hears of no victory begins anew.
    ///
    /// `labrt::thread::sleep` for some milliseconds between two looks will do.
    /// `labrt::sync::Condvar::wait_until` is better.
    pub(crate) fn run_timer(&self) {
        todo!("bully::run_timer, part B1")
    }
}

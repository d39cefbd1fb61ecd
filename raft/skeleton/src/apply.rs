//! Handing what is committed to the service on this server (part 3B; snapshots: 3D).

use labapi::ApplyMsg;
use labrt::channel::Sender;

use crate::peer::Raft;

impl Raft {
    /// Sends each committed entry as an [`ApplyMsg`], once and in order. The channel is closed when this
    /// returns; that is how the service learns of a kill.
    ///
    /// - One thread alone sends, or the order is lost.
    /// - The channel has no room: `send` waits until the service takes the message, and before that it may
    ///   call `snapshot`. Whoever sends with the lock in hand waits for ever. Collect what is due, let go of
    ///   the lock, then send.
    /// - To wait for work, use a `labrt::sync::Condvar` beside the lock, and wake it where `commit_index`
    ///   rises, and in `kill`.
    /// - In 3D a snapshot from the leader is sent as well, in place of the entries that it replaces.
    pub(crate) fn run_applier(&self, apply_ch: &Sender<ApplyMsg>) {
        // Your code here (3B). In 3A there is nothing to send.
    }
}

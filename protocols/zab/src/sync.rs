//! Reads that must be fresh. A server's own state may be old; after a sync it is not.
//!
//! ZooKeeper's leader answers at once, and may have been deposed without knowing. This one waits until a
//! quorum has answered something that it has sent after the question: whoever answers is in its epoch, so no
//! later leader was established before the question came.

use labapi::Zxid;
use labrt::sync::MutexGuard;

use crate::messages::{Sync, Synced};
use crate::server::{Role, Server, ServerClient, State};

impl Server {
    /// Asks the leader what is committed.
    pub(crate) fn sync_with_leader(&self) -> Option<Zxid> {
        let state = self.state.lock();
        let sync = Sync { current_epoch: state.current_epoch };
        match &state.role {
            Role::Leading(_) => self.confirm(state, sync.current_epoch),
            Role::Following(follower) if follower.is_up_to_date() => {
                let leader = follower.leader;
                drop(state);
                let synced = self.ask("sync", move |server| server.peers[leader].sync_read(&sync).flatten());
                Some(synced?.committed)
            }
            _ => None,
        }
    }

    pub(crate) fn handle_sync(&self, args: &Sync) -> Option<Synced> {
        let committed = self.confirm(self.state.lock(), args.current_epoch)?;
        Some(Synced { committed })
    }

    /// What is committed now, as soon as it is certain that this server leads the epoch now.
    fn confirm(&self, mut state: MutexGuard<'_, State>, epoch: u32) -> Option<Zxid> {
        let committed = state.committed;
        let leader = state.leader_of(epoch).filter(|leader| leader.established)?;
        let next = leader.broadcasts + 1;
        state.deadline = labrt::time::Instant::now();
        self.timer.notify_one();
        self.wait_for(&mut state, |state| {
            let followers = &state.leader_of(epoch)?.followers;
            let answered =
                followers.iter().filter(|(peer, it)| self.is_voter(**peer) && it.answered >= next).count();
            self.is_quorum(1 + answered).then_some(committed)
        })
    }
}

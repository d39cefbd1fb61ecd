//! What is committed goes to the service, in order; and the service's snapshots come back.
//!
//! A service takes its time, and may call `snapshot` before it takes the next message. So the applier
//! collects what is due under the lock, and sends it outside. One thread alone does both, which keeps the
//! messages in order.

use labapi::{Delivery, Zxid};
use labrt::channel::Sender;

use crate::messages::Snapshot;
use crate::server::{Server, State};

impl Server {
    /// The applier's thread. The channel closes with its end.
    pub(crate) fn run_applier(&self, service: &Sender<Delivery>) {
        while let Some(due) = self.wait_for_due() {
            for message in due {
                if service.send(message).is_err() {
                    return; // the service is gone
                }
            }
        }
    }

    /// Waits until the service is behind, and takes what it must be told. `None` after a kill.
    fn wait_for_due(&self) -> Option<Vec<Delivery>> {
        let mut state = self.state.lock();
        while !state.killed && state.applied == state.committed {
            self.applier.wait(&mut state);
        }
        if state.killed { None } else { Some(state.take_due()) }
    }

    /// The service has handed over its state after a transaction. It replaces the beginning of the history.
    pub(crate) fn compact(&self, zxid: Zxid, bytes: Vec<u8>) {
        let mut state = self.state.lock();
        if zxid <= state.history.base() || zxid > state.applied {
            return; // a later snapshot has come from the leader; or nothing of the sort was delivered
        }
        let dropped = state.history.compact(zxid);
        state.snapshot.clone_from(&bytes);
        self.save_history(Some(&Snapshot { zxid, bytes }), &dropped, &[]);
    }
}

impl State {
    /// The next messages for the service: the snapshot, if it has replaced what the service still needs;
    /// otherwise all committed transactions that it has not seen.
    fn take_due(&mut self) -> Vec<Delivery> {
        let base = self.history.base();
        if self.applied < base {
            self.applied = base;
            return vec![Delivery::Snapshot { zxid: base, snapshot: self.snapshot.clone() }];
        }
        let due = self.history.between(self.applied, self.committed);
        let due = due
            .iter()
            .map(|it| Delivery::Transaction { zxid: it.zxid, transaction: it.transaction.clone() })
            .collect();
        self.applied = self.committed;
        due
    }
}

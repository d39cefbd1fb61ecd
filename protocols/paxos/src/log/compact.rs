//! A snapshot of the service replaces the beginning of the log.

use super::entries::Base;
use super::peer::{Peer, State};

impl Peer {
    /// The service has handed over its state after the command at `index`.
    pub(crate) fn compact(&self, index: u64, snapshot: Vec<u8>) {
        let mut state = self.state.lock();
        let Some(instance) = state.entries.instance_of(index) else { return };
        if instance > state.entries.chosen() {
            return; // nothing of the sort was handed to the service
        }
        let dropped = state.entries.compact(instance);
        state.snapshot = snapshot;
        self.save_snapshot(&state, &dropped);
    }

    /// Another server has sent its snapshot. It replaces what this one does not know.
    pub(crate) fn install(&self, state: &mut State, base: Base, snapshot: Vec<u8>) {
        if base.instance <= state.entries.chosen() {
            return; // this server has come further by itself
        }
        let dropped = state.entries.drop_to(base);
        state.snapshot = snapshot;
        self.save_snapshot(state, &dropped);
        self.applier.notify_one();
    }
}

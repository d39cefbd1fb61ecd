//! Who can talk to whom.

use super::{Cluster, Server};
use crate::program::Program;

impl<P: Program> Cluster<P> {
    /// Whether the test wants the server to be reachable. A server that is down is not.
    #[must_use]
    pub fn is_connected(&self, server: usize) -> bool {
        self.inner.servers[server].lock().connected
    }

    /// Connects the server with every server that is connected, itself included.
    pub fn connect(&self, server: usize) {
        self.note(|| format!("connect server {server}"));
        self.connect_to(server, &self.everyone());
    }

    /// Cuts the server off from all. It keeps running.
    pub fn disconnect(&self, server: usize) {
        self.note(|| format!("disconnect server {server}"));
        self.disconnect_from_all(server);
    }

    pub(super) fn disconnect_from_all(&self, server: usize) {
        self.disconnect_from(server, &self.everyone());
    }

    /// Connects every server with every other.
    pub fn connect_all(&self) {
        for server in 0..self.n_servers() {
            self.connect(server);
        }
    }

    /// Splits the servers in two: each is connected within its half, and cut off from the other
    /// half. All count as connected, though the halves cannot talk.
    pub fn partition(&self, one: &[usize], other: &[usize]) {
        self.note(|| format!("partition {one:?} {other:?}"));
        for (half, rest) in [(one, other), (other, one)] {
            for &server in half {
                self.disconnect_from(server, rest);
                self.connect_to(server, half);
            }
        }
    }

    /// Splits the servers so that `leader` is in the minority; returns the majority and the
    /// minority.
    pub fn make_partition(&self, leader: usize) -> (Vec<usize>, Vec<usize>) {
        let mut majority: Vec<usize> = (0..self.n_servers()).filter(|&server| server != leader).collect();
        let mut minority = majority.split_off(self.n_servers() / 2 + 1);
        minority.push(leader);
        self.partition(&majority, &minority);
        (majority, minority)
    }

    pub(crate) fn everyone(&self) -> Vec<usize> {
        (0..self.n_servers()).collect()
    }

    /// Connects the server with those of `others` that are connected.
    fn connect_to(&self, server: usize, others: &[usize]) {
        self.inner.servers[server].lock().connected = true;
        for &other in others {
            if self.is_connected(other) {
                self.enable(server, other, true);
            }
        }
    }

    fn disconnect_from(&self, server: usize, others: &[usize]) {
        self.inner.servers[server].lock().connected = false;
        for &other in others {
            self.enable(server, other, false);
        }
    }

    /// Enables or disables the end points between two servers, both ways.
    fn enable(&self, one: usize, other: usize, enabled: bool) {
        for (from, to) in [(one, other), (other, one)] {
            let Server { ends, .. } = &*self.inner.servers[from].lock();
            if let Some(end) = ends.get(to) {
                self.inner.network.enable(end, enabled);
            }
        }
    }
}

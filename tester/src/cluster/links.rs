//! Links and partitions.

use super::Cluster;
use crate::event::Kind;
use crate::protocol::Protocol;

impl<P: Protocol> Cluster<P> {
    /// Whether the test wants the server to be connected. A server that is down is not.
    #[must_use]
    pub fn is_connected(&self, server: usize) -> bool {
        self.inner.servers.lock()[server].connected
    }

    /// Connects the server with every server that is connected, itself included.
    pub fn connect(&self, server: usize) {
        self.note(|| format!("connect server {server}"));
        self.connect_to(server, &self.everyone());
    }

    /// Disconnects the server from all. It keeps running.
    pub fn disconnect(&self, server: usize) {
        self.note(|| format!("disconnect server {server}"));
        self.disconnect_from_all(server);
    }

    pub(super) fn disconnect_from_all(&self, server: usize) {
        self.disconnect_from(server, &self.everyone());
    }

    /// Connects every server with every other.
    pub fn connect_all(&self) {
        for server in self.everyone() {
            self.connect(server);
        }
    }

    /// Partitions the servers in two: each is connected within its half only. All count as connected, though
    /// the halves cannot communicate.
    pub fn partition(&self, one: &[usize], other: &[usize]) {
        self.note(|| format!("partition {one:?} {other:?}"));
        for (half, rest) in [(one, other), (other, one)] {
            for &server in half {
                self.disconnect_from(server, rest);
                self.connect_to(server, half);
            }
        }
    }

    /// Partitions the servers so that `leader` is in the minority; returns the majority and the minority.
    pub fn make_partition(&self, leader: usize) -> (Vec<usize>, Vec<usize>) {
        let everyone = self.everyone();
        let mut majority: Vec<usize> = everyone.iter().copied().filter(|&server| server != leader).collect();
        let mut minority = majority.split_off(everyone.len() / 2 + 1);
        minority.push(leader);
        self.partition(&majority, &minority);
        (majority, minority)
    }

    /// Connects the server with those of `others` that are connected.
    fn connect_to(&self, server: usize, others: &[usize]) {
        self.set_connected(server, true);
        for &other in others {
            if self.is_connected(other) {
                self.set_link(server, other, true);
            }
        }
    }

    fn disconnect_from(&self, server: usize, others: &[usize]) {
        self.set_connected(server, false);
        for &other in others {
            self.set_link(server, other, false);
        }
    }

    fn set_connected(&self, server: usize, connected: bool) {
        self.inner.servers.lock()[server].connected = connected;
        self.inner.testbed.update_bridges(self.inner.group, server);
    }

    /// Enables or disables the end points between two servers, both ways.
    pub(crate) fn set_link(&self, one: usize, other: usize, linked: bool) {
        let changed = {
            let mut links = self.inner.links.lock();
            for (from, to) in [(one, other), (other, one)] {
                for end in links.between(from, to) {
                    self.network().enable(end, linked);
                }
            }
            links.set(one, other, linked)
        };
        if changed && one != other {
            let kind = if linked { Kind::LinkMended { peer: other } } else { Kind::LinkCut { peer: other } };
            self.emit(self.incarnation(one), kind);
        }
    }
}

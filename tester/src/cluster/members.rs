//! Servers that join and leave during a test.

use super::{Cluster, Server};
use crate::event::Kind;
use crate::protocol::Protocol;

impl<P: Protocol> Cluster<P> {
    /// Adds a server with an empty storage, starts it and connects it; returns its number.
    ///
    /// Running servers have no end point to it: their solution makes one by its [`Dialer`](crate::Dialer).
    /// Clients that are made from now on reach it.
    pub fn join(&self) -> usize {
        let server = {
            let mut servers = self.inner.servers.lock();
            servers.push(Server::new());
            let server = servers.len() - 1;
            self.inner.testbed.events.add_server(self.inner.group, server);
            server
        };
        self.note(|| format!("server {server} joins"));
        self.emit(self.incarnation(server), Kind::Joined);
        self.restart(server);
        server
    }

    /// Removes a server from the cluster for good: it crashes, and is not started again. Its number is not
    /// reused. Has no effect on a server that has left.
    pub fn leave(&self, server: usize) {
        if self.has_left(server) {
            return;
        }
        self.shutdown(server);
        self.inner.servers.lock()[server].has_left = true;
        self.note(|| format!("server {server} leaves"));
        self.emit(self.incarnation(server), Kind::Left);
    }

    /// Whether the server has left the cluster.
    #[must_use]
    pub fn has_left(&self, server: usize) -> bool {
        self.inner.servers.lock()[server].has_left
    }

    /// The servers that have not left, up or down.
    #[must_use]
    pub fn everyone(&self) -> Vec<usize> {
        let servers = self.inner.servers.lock();
        (0..servers.len()).filter(|&server| !servers[server].has_left).collect()
    }
}

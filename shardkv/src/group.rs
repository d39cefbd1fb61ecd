//! A group of servers, seen from outside: finds the leader.

use labapi::{DialServer, WrongLeader};
use labrpc::ClientEnd;
use labrt::sync::atomic::{AtomicUsize, Ordering};

/// The way to the servers of a group.
pub(crate) struct Group {
    /// One end a server.
    servers: Vec<ClientEnd>,
    /// The server that gave the last answer, by position. It probably still leads.
    leader: AtomicUsize,
}

/// What came of asking all servers of a group once.
pub(crate) struct Asked<T> {
    /// The answer of the leader, if one was found.
    pub(crate) answer: Option<T>,
    /// Whether servers were called besides that, which may have executed the request: no reply came, or they
    /// lost leadership before they knew.
    pub(crate) perhaps_done: bool,
}

impl Group {
    pub(crate) fn new(dial: &DialServer, servers: &[String]) -> Self {
        Self { servers: servers.iter().map(|name| dial(name)).collect(), leader: AtomicUsize::new(0) }
    }

    /// Calls one server after the other, beginning with the leader, until one of them answers; each once.
    pub(crate) fn ask<T>(&self, call: impl Fn(&ClientEnd) -> Option<Result<T, WrongLeader>>) -> Asked<T> {
        let first = self.leader.load(Ordering::Relaxed);
        for calls in 0..self.servers.len() {
            let server = (first + calls) % self.servers.len();
            if let Some(Ok(answer)) = call(&self.servers[server]) {
                self.leader.store(server, Ordering::Relaxed);
                return Asked { answer: Some(answer), perhaps_done: calls > 0 };
            }
        }
        Asked { answer: None, perhaps_done: true }
    }
}

//! The clerk: finds the leader, asks until there is an answer, and knows what the answer is worth.

use labapi::{PutError, Version, Versioned, WrongLeader};
use labrpc::ClientEnd;
use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicUsize, Ordering};
use labrt::thread;
use labrt::time::Duration;

use crate::server::KvServerClient;
use crate::store::{GetArgs, PutArgs};

/// How long a clerk waits when it has asked all servers in vain. Shorter than an election, so that little
/// time is lost when it is over.
const ROUND_PAUSE: Duration = Duration::from_millis(50);

/// A client's way to the service.
struct Clerk {
    /// One end a server.
    servers: Vec<ClientEnd>,
    /// The server that gave the last answer, by position. It probably still leads.
    leader: AtomicUsize,
}

/// Makes a clerk that calls the servers at these end points.
pub(crate) fn make(servers: Vec<ClientEnd>) -> Arc<dyn labapi::Clerk> {
    Arc::new(Clerk { servers, leader: AtomicUsize::new(0) })
}

impl labapi::Clerk for Clerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        let args = GetArgs { key: key.to_owned() };
        let (answer, _) = self.ask(|server| server.get(&args));
        answer
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let args = PutArgs { key: key.to_owned(), value: value.to_owned(), version };
        let (answer, transmissions) = self.ask(|server| server.put(&args));
        match answer {
            // Perhaps an earlier transmission was done. Its reply was lost, or its server lost leadership and
            // could not tell.
            Err(PutError::Version) if transmissions > 1 => Err(PutError::Maybe),
            certain => certain,
        }
    }
}

impl Clerk {
    /// Calls one server after the other, beginning with the leader, until one of them answers. Returns the answer,
    /// and how many calls that took.
    fn ask<T>(&self, call: impl Fn(&ClientEnd) -> Option<Result<T, WrongLeader>>) -> (T, usize) {
        let mut server = self.leader.load(Ordering::Relaxed);
        let mut transmissions = 1;
        loop {
            if let Some(Ok(answer)) = call(&self.servers[server]) {
                self.leader.store(server, Ordering::Relaxed);
                return (answer, transmissions);
            }
            if transmissions % self.servers.len() == 0 {
                thread::sleep(ROUND_PAUSE);
            }
            transmissions += 1;
            server = (server + 1) % self.servers.len();
        }
    }
}

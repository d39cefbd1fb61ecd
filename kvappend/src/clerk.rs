//! The clerk: gives each request a name, and sends it to one server after another until it is done.

use labapi::{AppendClerk, WrongLeader};
use labrpc::ClientEnd;
use labrt::rand::{RngExt, rng};
use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use labrt::thread;
use labrt::time::Duration;

use crate::server::AppendServerClient;
use crate::store::{ChangeArgs, ClientId, GetArgs};

/// The pause after all servers were asked without success. Shorter than an election, so that little time is
/// lost when it is over.
const ROUND_PAUSE: Duration = Duration::from_millis(50);

/// A client's access to the service.
struct Clerk {
    /// One end point for each server.
    servers: Vec<ClientEnd>,
    /// The position of the server that gave the last answer. It probably still leads.
    leader: AtomicUsize,
    id: ClientId,
    /// The number of puts and appends so far.
    changes: AtomicU64,
}

/// Makes a clerk that calls the servers at these end points.
pub(crate) fn make(servers: Vec<ClientEnd>) -> Arc<dyn AppendClerk> {
    Arc::new(Clerk { servers, leader: AtomicUsize::new(0), id: rng().random(), changes: AtomicU64::new(0) })
}

impl AppendClerk for Clerk {
    fn get(&self, key: &str) -> String {
        let args = GetArgs { key: key.to_owned() };
        self.ask(|server| server.get(&args))
    }

    fn put(&self, key: &str, value: &str) {
        let args = self.change(key, value);
        self.ask(|server| server.put(&args));
    }

    fn append(&self, key: &str, value: &str) {
        let args = self.change(key, value);
        self.ask(|server| server.append(&args));
    }
}

impl Clerk {
    /// The arguments of the next put or append. Each of its transmissions carries the same.
    fn change(&self, key: &str, value: &str) -> ChangeArgs {
        let number = self.changes.fetch_add(1, Ordering::Relaxed) + 1;
        ChangeArgs { key: key.to_owned(), value: value.to_owned(), client: self.id, number }
    }

    /// Calls one server after another, the last leader first, until one of them answers.
    fn ask<A>(&self, call: impl Fn(&ClientEnd) -> Option<Result<A, WrongLeader>>) -> A {
        let mut server = self.leader.load(Ordering::Relaxed);
        loop {
            for _ in 0..self.servers.len() {
                if let Some(Ok(answer)) = call(&self.servers[server]) {
                    self.leader.store(server, Ordering::Relaxed);
                    return answer;
                }
                server = (server + 1) % self.servers.len();
            }
            thread::sleep(ROUND_PAUSE);
        }
    }
}

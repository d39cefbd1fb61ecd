//! The clerk: asks until there is an answer, and knows what the answer is worth.

use labapi::{PutError, Version, Versioned};
use labrpc::ClientEnd;
use labrt::sync::Arc;
use labrt::thread;
use labrt::time::Duration;

use crate::server::{GetArgs, KvServerClient, PutArgs};

/// How long a clerk waits before it sends a request again.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// A client's way to the server.
struct Clerk {
    server: ClientEnd,
}

/// Makes a clerk that calls the server at this end point.
pub(crate) fn make(server: ClientEnd) -> Arc<dyn labapi::Clerk> {
    Arc::new(Clerk { server })
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
            // Perhaps an earlier transmission was done, and its reply was lost.
            Err(PutError::Version) if transmissions > 1 => Err(PutError::Maybe),
            certain => certain,
        }
    }
}

impl Clerk {
    /// Calls the server until it answers. Returns the answer, and how many calls that took.
    fn ask<T>(&self, call: impl Fn(&ClientEnd) -> Option<T>) -> (T, usize) {
        let mut transmissions = 1;
        loop {
            if let Some(answer) = call(&self.server) {
                return (answer, transmissions);
            }
            transmissions += 1;
            thread::sleep(RETRY_INTERVAL);
        }
    }
}

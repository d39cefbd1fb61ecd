//! The clerk: how a client finds the leader and asks it (part 4P).

use labapi::AppendClerk;
use labrpc::ClientEnd;
use labrt::sync::{Arc, Mutex};

/// One client's clerk.
struct Clerk {
    /// The ways to all servers, in any order.
    ends: Vec<ClientEnd>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The index in `ends` of the server to ask first. Remember the one that answered: to look for the leader
    /// at each request is too slow for the tests.
    leader: usize,
    // Your data here (4P): who this clerk is, and how many requests it has made. There may be many clerks,
    // and they do not know each other: `labrt::rand::rng()` draws random numbers.
}

/// Makes a clerk for a client.
pub(crate) fn make(ends: Vec<ClientEnd>) -> Arc<dyn AppendClerk> {
    Arc::new(Clerk { state: Mutex::default(), ends })
}

/// Each of these asks one server after another until one answers that leads, if need be for ever. After a
/// round in vain, pause. Whoever answers "wrong leader" may have the request in its log.
impl AppendClerk for Clerk {
    fn get(&self, key: &str) -> String {
        todo!("kvappend::Clerk::get, part 4P")
    }

    fn put(&self, key: &str, value: &str) {
        todo!("kvappend::Clerk::put, part 4P")
    }

    fn append(&self, key: &str, value: &str) {
        todo!("kvappend::Clerk::append, part 4P")
    }
}

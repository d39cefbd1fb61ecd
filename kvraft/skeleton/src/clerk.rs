//! The clerk: how a client finds the leader and asks it (part 4B).

use labapi::{PutError, Version, Versioned};
use labrpc::ClientEnd;
use labrt::sync::{Arc, Mutex};

/// One client's clerk.
struct Clerk {
    /// The ways to all servers.
    ends: Vec<ClientEnd>,
    /// The index in `ends` of the server to ask first. Remember the one that answered: to look for the leader
    /// at each request is too slow for the tests.
    leader: Mutex<usize>,
}

/// Makes a clerk for a client.
pub(crate) fn make(ends: Vec<ClientEnd>) -> Arc<dyn labapi::Clerk> {
    Arc::new(Clerk { leader: Mutex::new(0), ends })
}

/// Each of these asks one server after another until one answers that leads. After a round in vain, pause.
impl labapi::Clerk for Clerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        todo!("kvraft::Clerk::get, part 4B")
    }

    /// As in lab 2, a put that is repeated and then refused for its version is a [`PutError::Maybe`]. Here a
    /// server that answers "wrong leader" may have put the request into its log before it lost the lead: it
    /// counts as an attempt, like a lost reply.
    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        todo!("kvraft::Clerk::put, part 4B")
    }
}

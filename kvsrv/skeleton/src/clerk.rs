//! The clerk: how a client asks the server (part 2A).

use labapi::{PutError, Version, Versioned};
use labrpc::ClientEnd;
use labrt::sync::Arc;

/// One client's clerk.
struct Clerk {
    /// The way to the server.
    end: ClientEnd,
}

/// Makes a clerk for a client.
pub(crate) fn make(end: ClientEnd) -> Arc<dyn labapi::Clerk> {
    Arc::new(Clerk { end })
}

/// Each of these asks again until there is an answer, with a pause of about 100 ms (`labrt::thread::sleep`)
/// between two calls.
impl labapi::Clerk for Clerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        todo!("kvsrv::Clerk::get, part 2A")
    }

    /// A call that failed may have been lost on the way there, or on the way back. So when a put is
    /// *repeated* and refused for its version, it may have been refused because of itself: that is what
    /// [`PutError::Maybe`] is for. Think of what the first call of a put may answer, and what a later one.
    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        todo!("kvsrv::Clerk::put, part 2A")
    }
}

//! A lock that clients share: a key whose value is the name of the client that holds the lock, and is empty
//! if nobody does.
//!
//! Two clients may find the lock free, at the same version, and both put their names. The server does
//! one of the two puts and refuses the other one, whose version is out of date by then.

use labapi::Version;
use labrt::rand::{RngExt, rng};
use labrt::sync::Arc;
use labrt::thread;
use labrt::time::Duration;

/// How long a client waits before it looks again whether the lock is free.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// The value of a lock that nobody holds.
const NOBODY: &str = "";

/// One client's share in a lock.
struct Lock {
    clerk: Arc<dyn labapi::Clerk>,
    /// The lock's name, and its key.
    name: String,
    /// The client's name, which no other client has.
    me: String,
}

/// Makes the lock of this name for the client whose clerk it is.
pub(crate) fn make(clerk: Arc<dyn labapi::Clerk>, name: &str) -> Box<dyn labapi::Lock> {
    let me = format!("{:016x}", rng().random::<u64>());
    Box::new(Lock { clerk, name: name.to_owned(), me })
}

impl labapi::Lock for Lock {
    fn acquire(&self) {
        loop {
            let (holder, version) = self.holder();
            if holder == self.me {
                return; // we have put our name, and were told `Maybe`
            }
            if holder != NOBODY {
                thread::sleep(RETRY_INTERVAL);
            } else if self.clerk.put(&self.name, &self.me, version).is_ok() {
                return;
            }
            // Refused, or perhaps done: who holds the lock now?
        }
    }

    fn release(&self) {
        loop {
            let (holder, version) = self.holder();
            if holder != self.me {
                return; // we have given it up, and were told `Maybe`
            }
            if self.clerk.put(&self.name, NOBODY, version).is_ok() {
                return;
            }
        }
    }
}

impl Lock {
    /// The holder, and the version of the key that names it. A lock that was never held has no key.
    fn holder(&self) -> (String, Version) {
        match self.clerk.get(&self.name) {
            Some(key) => (key.value, key.version),
            None => (NOBODY.to_owned(), Version(0)),
        }
    }
}

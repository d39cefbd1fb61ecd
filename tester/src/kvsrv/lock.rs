//! A client's lock.

use std::sync::Arc;

use labapi::Lock;

use super::KvServer;
use crate::key_value::Client;

/// The lock that a client made, which runs on the client's node.
pub(super) struct ClientLock<'a> {
    client: &'a Client<KvServer>,
    lock: Arc<dyn Lock>,
}

impl Client<KvServer> {
    /// Makes the lock of this name, on the client's clerk.
    pub(super) fn lock(&self, name: &'static str) -> ClientLock<'_> {
        let make = self.cluster().inner.program.lock_maker();
        let lock = self.ask("make_lock", move |clerk| Arc::from(make(clerk, name)));
        ClientLock { client: self, lock }
    }
}

impl ClientLock<'_> {
    /// Waits for the lock.
    pub fn acquire(&self) {
        let lock = Arc::clone(&self.lock);
        self.client.ask("acquire", move |_| lock.acquire());
    }

    /// Gives the lock back.
    pub fn release(&self) {
        let lock = Arc::clone(&self.lock);
        self.client.ask("release", move |_| lock.release());
    }
}

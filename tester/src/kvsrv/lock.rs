//! A client's lock.

use std::sync::Arc;

use labapi::Lock;

use super::KvServer;
use crate::display::Seconds;
use crate::key_value::Client;

/// A client's lock, which runs on the client's node.
pub(super) struct ClientLock<'a> {
    client: &'a Client<KvServer>,
    lock: Arc<dyn Lock>,
}

impl Client<KvServer> {
    /// Makes the lock of this name, on the client's clerk.
    pub(super) fn lock(&self, name: &'static str) -> ClientLock<'_> {
        let make = self.cluster().protocol().lock_maker();
        let lock = self.ask("make_lock", move |clerk| Arc::from(make(clerk, name)));
        ClientLock { client: self, lock }
    }
}

impl ClientLock<'_> {
    /// Acquires the lock.
    #[track_caller]
    pub fn acquire(&self) {
        let lock = Arc::clone(&self.lock);
        self.expect_put("acquire", move || lock.acquire());
    }

    /// Releases the lock.
    #[track_caller]
    pub fn release(&self) {
        let lock = Arc::clone(&self.lock);
        self.expect_put("release", move || lock.release());
    }

    /// Other clients learn the lock's holder from the key/value server alone. So acquiring it and releasing
    /// it both need a put.
    #[track_caller]
    fn expect_put(&self, what: &'static str, change: impl FnOnce() + Send + 'static) {
        let before = self.client.puts();
        self.client.ask(what, move |_| change());
        if self.client.puts() == before {
            self.client.cluster().fail(format!(
                "expected {what} to put something into the key/value server; saw client {} return from it \
                 at {} without a put that \
                 was, or may have been, done",
                self.client.number(),
                Seconds(self.client.cluster().now())
            ));
        }
    }
}

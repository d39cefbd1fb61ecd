//! A client's lock.

use std::sync::Arc;

use labapi::Lock;

use super::KvServer;
use super::lock_event::LockEvent;
use crate::display::Seconds;
use crate::event::{Kind, Party};
use crate::key_value::Client;

/// A client's lock, which runs on the client's node.
pub(super) struct ClientLock<'a> {
    client: &'a Client<KvServer>,
    lock: Arc<dyn Lock>,
    name: &'static str,
}

impl Client<KvServer> {
    /// Makes the lock of this name, on the client's clerk.
    pub(super) fn lock(&self, name: &'static str) -> ClientLock<'_> {
        let make = self.cluster().protocol().lock_maker();
        let lock = self.ask("make_lock", move |clerk| Arc::from(make(clerk, name)));
        ClientLock { client: self, lock, name }
    }
}

impl ClientLock<'_> {
    /// Acquires the lock.
    #[track_caller]
    pub fn acquire(&self) {
        let lock = Arc::clone(&self.lock);
        let [before, after] = [LockEvent::Acquiring(self.name), LockEvent::Acquired(self.name)];
        self.expect_put("acquire", before, after, move || lock.acquire());
    }

    /// Releases the lock.
    #[track_caller]
    pub fn release(&self) {
        let lock = Arc::clone(&self.lock);
        let [before, after] = [LockEvent::Releasing(self.name), LockEvent::Released(self.name)];
        self.expect_put("release", before, after, move || lock.release());
    }

    /// Other clients learn the lock's holder from the key/value server alone. So acquiring it and releasing
    /// it both need a put.
    #[track_caller]
    fn expect_put(
        &self,
        what: &'static str,
        before: LockEvent,
        after: LockEvent,
        change: impl FnOnce() + Send + 'static,
    ) {
        let puts = self.client.changes();
        let inner = &self.client.cluster().inner;
        let (events, group) = (Arc::clone(&inner.testbed.events), Some(inner.group));
        let party = Party::Client(self.client.number());
        self.client.ask(what, move |_| {
            events.emit(group, party, Kind::Protocol(&before));
            change();
            events.emit(group, party, Kind::Protocol(&after));
        });
        if self.client.changes() == puts {
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

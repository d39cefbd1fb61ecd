//! The double's lock.

use std::sync::Arc;
use std::time::Duration;

use labapi::{Clerk, Version, Versioned};
use labrt::rand::{RngExt, rng};
use labrt::thread;

use super::fault::Fault;

struct Lock {
    fault: Fault,
    clerk: Arc<dyn Clerk>,
    name: String,
    me: String,
}

pub fn make(fault: Fault, clerk: Arc<dyn Clerk>, name: &str) -> Box<dyn labapi::Lock> {
    let me = format!("{:016x}", rng().random::<u64>());
    Box::new(Lock { fault, clerk, name: name.to_owned(), me })
}

impl Lock {
    fn holder(&self) -> Versioned {
        let nobody = Versioned { value: String::new(), version: Version(0) };
        self.clerk.get(&self.name).unwrap_or(nobody)
    }
}

impl Lock {
    /// Puts to a key that no other client uses.
    fn put_elsewhere(&self) {
        let version = self.clerk.get(&self.me).map_or(Version(0), |found| found.version);
        let _ = self.clerk.put(&self.me, "", version);
    }
}

impl labapi::Lock for Lock {
    fn acquire(&self) {
        match self.fault {
            Fault::LocksNothing => return,
            Fault::NeverWaits => {
                self.put_elsewhere();
                // At different times for different clients.
                return thread::sleep(Duration::from_micros(rng().random_range(0..10_000)));
            }
            _ => {}
        }
        if self.fault == Fault::UsesTwoThreads {
            let clerk = Arc::clone(&self.clerk);
            thread::spawn(move || clerk.get("l"));
        }
        loop {
            let holder = self.holder();
            if holder.value == self.me && self.fault != Fault::NeverReleases {
                return;
            }
            if self.fault == Fault::NeverAcquires || !holder.value.is_empty() {
                thread::sleep(Duration::from_millis(10));
            } else if self.clerk.put(&self.name, &self.me, holder.version).is_ok() {
                return;
            }
        }
    }

    fn release(&self) {
        match self.fault {
            Fault::LocksNothing | Fault::ReleasesNothing => return,
            Fault::NeverWaits | Fault::NeverReleases => return self.put_elsewhere(),
            _ => {}
        }
        loop {
            let holder = self.holder();
            if holder.value != self.me || self.clerk.put(&self.name, "", holder.version).is_ok() {
                return;
            }
        }
    }
}

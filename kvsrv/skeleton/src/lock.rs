//! A lock that clients share: all that they have in common is a key of the server (part 2B).

use labapi::Clerk;
use labrt::sync::Arc;

/// One client's lock.
struct Lock {
    clerk: Arc<dyn Clerk>,
    /// Clients that give the same name mean the same lock.
    name: String,
    // Your data here (2B). Something that tells this client from all others will be needed: `labrt::rand` can
    // make it.
}

/// Makes a client's lock. Nobody holds it, unless another client does already.
pub(crate) fn make(clerk: Arc<dyn Clerk>, name: &str) -> Box<dyn labapi::Lock> {
    let name = name.to_owned();
    Box::new(Lock { clerk, name })
}

impl labapi::Lock for Lock {
    /// Two clients may find the lock free at the same time; only one of their puts is done, and the versions
    /// see to it which. After a `Maybe`, look who holds it: perhaps you do.
    fn acquire(&self) {
        todo!("kvsrv::Lock::acquire, part 2B")
    }

    /// A `Maybe` is possible here as well.
    fn release(&self) {
        todo!("kvsrv::Lock::release, part 2B")
    }
}

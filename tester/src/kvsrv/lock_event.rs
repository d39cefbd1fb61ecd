//! [`LockEvent`]: the tester's observations of a client's lock.

use labgob::Value;

use crate::event::{Interests, ProtocolEvent};

/// An observation of a lock, at the client that uses it. The text is the lock's name.
pub(super) enum LockEvent {
    /// `acquire` is about to be called.
    Acquiring(&'static str),
    /// `acquire` has returned.
    Acquired(&'static str),
    /// `release` is about to be called.
    Releasing(&'static str),
    /// `release` has returned.
    Released(&'static str),
}

impl ProtocolEvent for LockEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Acquiring(_) => "acquiring",
            Self::Acquired(_) => "acquired",
            Self::Releasing(_) => "releasing",
            Self::Released(_) => "released",
        }
    }

    fn class(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn value(&self) -> Value {
        let (Self::Acquiring(lock) | Self::Acquired(lock) | Self::Releasing(lock) | Self::Released(lock)) =
            self;
        Value::of(lock).expect("a text can be encoded")
    }
}

//! [`ZabEvent`]: the tester's observations of servers of Zab.

use std::fmt;

use labapi::{ZabState, Zxid};
use labgob::Value;
use serde::Serialize;

use crate::event::{Interests, ProtocolEvent};

/// An observation of a server of Zab.
#[derive(Serialize)]
pub enum ZabEvent {
    /// The server is at rest, and in another state than at the last probe.
    State(ZabState),
    /// The server has given a transaction that the test proposed this id.
    Proposed {
        /// The id.
        zxid: Zxid,
        /// What was proposed.
        #[serde(with = "labgob::bytes")]
        transaction: Vec<u8>,
    },
    /// The server has delivered a transaction.
    Delivered {
        /// Its id.
        zxid: Zxid,
        /// What was delivered.
        #[serde(with = "labgob::bytes")]
        transaction: Vec<u8>,
    },
    /// The server has delivered a snapshot.
    Installed {
        /// The id under which it was delivered.
        zxid: Zxid,
        /// What is in it; `None` if the service has never made such a snapshot.
        content: Option<Extent>,
    },
    /// A sync is about to be asked of the server.
    SyncBegan {
        /// The number of the sync.
        sync: u64,
    },
    /// The server has answered it.
    SyncAnswered {
        /// The number of the sync.
        sync: u64,
        /// The id up to which the server has to deliver before it reads.
        zxid: Zxid,
    },
}

/// How many transactions a state of the service has seen, and which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Extent {
    /// The last of them.
    pub zxid: Zxid,
    /// Their number.
    pub count: u64,
    /// A hash of them and their order.
    pub hash: u64,
}

impl Extent {
    /// The extent after one more transaction.
    #[must_use]
    pub fn and(self, zxid: Zxid, transaction: &[u8]) -> Self {
        let fold = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let words = transaction.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        });
        let id = u64::from(zxid.epoch) << 32 | u64::from(zxid.counter);
        let hash = words.fold(fold(fold(self.hash, id), transaction.len() as u64), fold);
        Self { zxid, count: self.count + 1, hash }
    }
}

impl ProtocolEvent for ZabEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::State(_) => "state",
            Self::Proposed { .. } => "proposed",
            Self::Delivered { .. } => "delivered",
            Self::Installed { .. } => "installed",
            Self::SyncBegan { .. } => "sync_began",
            Self::SyncAnswered { .. } => "sync_answered",
        }
    }

    fn class(&self) -> Interests {
        match self {
            Self::State(_) => Interests::STATES,
            _ => Interests::AGREEMENT,
        }
    }

    fn value(&self) -> Value {
        Value::of(self).expect("numbers and bytes can be encoded")
    }
}

/// A transaction in messages.
pub(super) struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.0))
    }
}

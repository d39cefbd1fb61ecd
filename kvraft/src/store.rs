//! The state machine of the key/value service: keys, with their values and versions.
//!
//! It does the same on every replica, because it depends on the requests alone. A put that was submitted twice, for
//! its client got no reply, is refused the second time: the first one has changed the version.

use std::collections::BTreeMap;

use labapi::{PutError, StateMachine, Version, Versioned};
use serde::{Deserialize, Serialize};

/// What a client wants. Gets go through the log as well: a leader that has been deposed without knowing it would
/// answer from a state that is out of date.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Answered by a [`GetAnswer`].
    Get(GetArgs),
    /// Answered by a [`PutAnswer`].
    Put(PutArgs),
}

/// The value of a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GetArgs {
    pub(crate) key: String,
}

/// Another value for a key, or a new key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PutArgs {
    pub(crate) key: String,
    pub(crate) value: String,
    /// The version that the key has, as far as the client knows; zero if there is no such key.
    pub(crate) version: Version,
}

/// The answer to [`GetArgs`]: `None` if there is no such key.
pub(crate) type GetAnswer = Option<Versioned>;

/// The answer to [`PutArgs`].
pub(crate) type PutAnswer = Result<(), PutError>;

/// One replica's copy of the keys.
#[derive(Default)]
pub(crate) struct Store {
    /// The keys that exist. Each has version 1 or more.
    ///
    /// In order, so that the same keys always give the same snapshot.
    keys: BTreeMap<String, Versioned>,
}

impl StateMachine for Store {
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        match labgob::decode(request).expect("all requests were encoded by a server") {
            Request::Get(args) => labgob::encode(&self.get(&args)),
            Request::Put(args) => labgob::encode(&self.put(args)),
        }
        .expect("strings and numbers can be encoded")
    }

    fn snapshot(&self) -> Vec<u8> {
        labgob::encode(&self.keys).expect("strings and numbers can be encoded")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        self.keys = labgob::decode(snapshot).expect("these bytes were made by `snapshot`");
    }
}

impl Store {
    fn get(&self, args: &GetArgs) -> GetAnswer {
        self.keys.get(&args.key).cloned()
    }

    fn put(&mut self, args: PutArgs) -> PutAnswer {
        match self.keys.get_mut(&args.key) {
            Some(it) if it.version == args.version => {
                it.value = args.value;
                it.version = it.version.next();
                Ok(())
            }
            Some(_) => Err(PutError::Version),
            None if args.version == Version(0) => {
                self.keys.insert(args.key, Versioned { value: args.value, version: Version(1) });
                Ok(())
            }
            None => Err(PutError::NoKey),
        }
    }
}

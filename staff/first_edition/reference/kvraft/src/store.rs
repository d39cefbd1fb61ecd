//! The state machine of the service: keys, with their values and versions.
//!
//! It does the same on every replica, for it looks at nothing but its keys and the request.

use std::collections::BTreeMap;

use labapi::{PutError, StateMachine, Version, Versioned};
use serde::{Deserialize, Serialize};

/// What a client wants.
///
/// A get goes through the log as well. A leader may have been deposed without knowing it; if it answered
/// from its own copy, the answer could be out of date (§8).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_put_is_done_if_it_knows_the_version() {
        let mut store = Store::default();
        let mut put = |key: &str, value: &str, version| {
            store.put(PutArgs { key: key.to_owned(), value: value.to_owned(), version: Version(version) })
        };
        assert_eq!(put("k", "a", 1), Err(PutError::NoKey), "no key to replace");
        assert_eq!(put("k", "a", 0), Ok(()), "creates it");
        assert_eq!(put("k", "b", 0), Err(PutError::Version), "it is there already");
        assert_eq!(put("k", "b", 2), Err(PutError::Version), "not yet");
        assert_eq!(put("k", "b", 1), Ok(()));
        assert_eq!(put("k", "b", 1), Err(PutError::Version), "the same again");
        let get = |key: &str| store.get(&GetArgs { key: key.to_owned() });
        assert_eq!(get("k"), Some(Versioned { value: "b".to_owned(), version: Version(2) }));
        assert_eq!(get("l"), None);
    }

    #[test]
    fn a_snapshot_is_all_there_is() {
        let mut store = Store::default();
        for key in ["b", "a", "c"] {
            let args = PutArgs { key: key.to_owned(), value: "1".to_owned(), version: Version(0) };
            store.put(args).expect("there is no such key");
        }
        let snapshot = store.snapshot();
        assert!(snapshot.len() <= 1 + 3 * 5, "{} bytes for three short keys", snapshot.len());

        let mut other = Store::default();
        let args = PutArgs { key: "d".to_owned(), value: "1".to_owned(), version: Version(0) };
        other.put(args).expect("there is no such key");
        other.restore(&snapshot);
        assert_eq!(other.keys, store.keys, "nothing is lost, and nothing is left over");
    }
}

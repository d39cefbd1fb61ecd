//! The server: what it keeps, and what it can be asked.

use std::collections::BTreeMap;

use labapi::{PutError, Version, Versioned};
use labrpc::Service;
use labrt::sync::{Arc, Mutex};
use serde::{Deserialize, Serialize};

/// A client wants the value of a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GetArgs {
    pub(crate) key: String,
}

/// A client wants to change the value of a key, or to create it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PutArgs {
    pub(crate) key: String,
    pub(crate) value: String,
    /// The version that the key has, as far as the client knows; zero if there is no such key.
    pub(crate) version: Version,
}

/// The server.
///
/// It knows nothing of its clients: all that it keeps is keys.
#[derive(Default)]
pub(crate) struct KvServer {
    /// The keys that exist. Each has version 1 or more.
    keys: Mutex<BTreeMap<String, Versioned>>,
}

/// Starts a server without keys.
pub(crate) fn make() -> Vec<Service> {
    vec![Arc::new(KvServer::default()).service()]
}

/// What the clerks can call.
#[labrpc::service]
impl KvServer {
    /// The value and version of a key, if it exists.
    fn get(&self, args: GetArgs) -> Option<Versioned> {
        self.keys.lock().get(&args.key).cloned()
    }

    /// Puts a value if the version is right. Whether it is, and the put, are one step under the lock.
    fn put(&self, args: PutArgs) -> Result<(), PutError> {
        let mut keys = self.keys.lock();
        match keys.get_mut(&args.key) {
            Some(it) if it.version == args.version => {
                it.value = args.value;
                it.version = it.version.next();
                Ok(())
            }
            Some(_) => Err(PutError::Version),
            None if args.version == Version(0) => {
                keys.insert(args.key, Versioned { value: args.value, version: Version(1) });
                Ok(())
            }
            None => Err(PutError::NoKey),
        }
    }
}

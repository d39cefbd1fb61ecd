//! The server: keys, each with a value and a version (part 2A).

use std::sync::Arc;

use labapi::{PutError, Version, Versioned};
use labrpc::Service;
use labrt::sync::Mutex;
use serde::{Deserialize, Serialize};

/// A client wants the value of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GetArgs {
    pub(crate) key: String,
}

/// A client wants to replace the value of a key, if it still has this version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PutArgs {
    pub(crate) key: String,
    /// 0: the key must not exist yet.
    pub(crate) version: Version,
    pub(crate) value: String,
}

/// The server. It is never restarted, so memory is all that it needs.
#[derive(Default)]
pub(crate) struct KvServer {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    // Your data here (2A). Nothing for each client: there may be a hundred thousand of them.
}

/// Starts a server that has no keys.
pub(crate) fn make() -> Vec<Service> {
    let server = KvServer::default();
    vec![Arc::new(server).service()]
}

/// The RPCs that clerks call. With `use crate::server::KvServerClient`, every `ClientEnd` has these methods,
/// with an `Option` of the answer.
#[labrpc::service]
impl KvServer {
    /// See [`labapi::Clerk::put`] for the meaning of the version. The check and the change must be one atomic
    /// step, because handlers run concurrently.
    fn put(&self, args: PutArgs) -> Result<(), PutError> {
        todo!("kvsrv::put, part 2A")
    }

    /// `None`: there is no such key.
    fn get(&self, args: GetArgs) -> Option<Versioned> {
        todo!("kvsrv::get, part 2A")
    }
}

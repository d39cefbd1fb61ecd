//! One server of the service: what clerks call (part 4P).

use labapi::{MakeRsm, Raft, Replica, ReplicaServer, Rsm, WrongLeader};
use labrpc::Service;
use labrt::sync::Arc;
use serde::{Deserialize, Serialize};

use crate::store::Texts;

/// A client wants the text of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GetArgs {
    pub(crate) key: String,
    // Your data here (4P).
}

/// A client wants to replace the text of a key, or to add to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PutAppendArgs {
    pub(crate) key: String,
    pub(crate) value: String,
    // Your data here (4P): what is the same in each transmission of this request, and in no other request?
}

/// A server.
pub(crate) struct TextServer {
    /// A replica of the texts.
    texts: Arc<dyn Rsm>,
}

/// Starts a server, or starts it again after a crash. Returns at once.
pub(crate) fn make(replica: Replica, make_rsm: MakeRsm) -> Arc<dyn ReplicaServer> {
    let texts = make_rsm(replica, Box::<Texts>::default());
    Arc::new(TextServer { texts })
}

/// The RPCs. With `use crate::server::TextServerClient`, every `ClientEnd` has these methods, with an
/// `Option` of the answer.
#[labrpc::service]
impl TextServer {
    fn get(&self, args: GetArgs) -> Result<String, WrongLeader> {
        todo!("kvappend::get, part 4P")
    }

    fn put(&self, args: PutAppendArgs) -> Result<(), WrongLeader> {
        todo!("kvappend::put, part 4P")
    }

    fn append(&self, args: PutAppendArgs) -> Result<(), WrongLeader> {
        todo!("kvappend::append, part 4P")
    }
}

impl ReplicaServer for TextServer {
    fn kill(&self) {
        self.texts.raft().kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let of_raft = self.texts.raft().services();
        of_raft.into_iter().chain([self.service()]).collect()
    }

    fn raft(&self) -> Arc<dyn Raft> {
        self.texts.raft()
    }
}

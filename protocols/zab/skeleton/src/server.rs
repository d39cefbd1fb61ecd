//! One server.

use std::sync::Arc;

use labapi::{Delivery, Zab, ZabConfig, ZabState, Zxid};
use labrpc::Service;
use labrt::channel::Sender;
use labrt::sync::Mutex;
use persister::Storage;

use crate::messages::{FollowerInfo, NewEpoch, Notification};

/// One server. Its handlers and its threads share it.
pub(crate) struct QuorumPeer {
    config: ZabConfig,
    storage: Storage,
    memory: Mutex<Memory>,
}

/// All that changes.
struct Memory {
    // Your data here: accepted epoch, current epoch, history (all of them saved), role, and more (Z1).
}

/// Makes a server, with what an earlier incarnation saved if there was one.
///
/// Returns at once: whatever takes time is for threads. `service` may block, so send to it from a thread of
/// its own, and hold no lock meanwhile.
pub(crate) fn make(config: ZabConfig, storage: Storage, service: Sender<Delivery>) -> Arc<dyn Zab> {
    todo!("zab::server::make, part Z1")
}

/// The interface for services and the tester. `labapi` documents each function.
impl Zab for QuorumPeer {
    fn propose(&self, transaction: Vec<u8>) -> Option<Zxid> {
        todo!("zab::propose, part Z1: its tests end with a transaction")
    }

    /// - `Looking` until discovery and synchronisation have ended.
    fn state(&self) -> ZabState {
        todo!("zab::state, part Z1")
    }

    fn sync(&self) -> Option<Zxid> {
        todo!("zab::sync, part Z3")
    }

    fn snapshot(&self, zxid: Zxid, snapshot: Vec<u8>) {
        todo!("zab::snapshot, part Z2")
    }

    fn kill(&self) {
        todo!("zab::kill, part Z1")
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![QuorumPeer::service(&self)]
    }
}

/// The functions that the other servers call.
#[labrpc::service]
impl QuorumPeer {
    fn notification(&self, args: Notification) -> Notification {
        todo!("zab: a vote arrives, part Z1")
    }

    fn follower(&self, args: FollowerInfo) -> Option<NewEpoch> {
        todo!("zab: a follower arrives, part Z1")
    }

    // More functions here.
}

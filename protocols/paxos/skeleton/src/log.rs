//! A log of instances, with a leader (part P2): §3 of the paper. It deserves more than this one file.

use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, Raft, Started, State};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use persister::Persister;

/// One server of the log.
struct Peer {
    // Your data here (P2).
}

/// Starts a server, with what an earlier incarnation saved if there was one. `persister.storage()` has
/// records of any name; the one called `snapshot` is for the snapshot, because services read it.
///
/// Returns at once: whatever takes time is for threads.
pub(crate) fn make(
    ends: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    apply_ch: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    todo!("paxos::log::make, part P2")
}

/// The interface for services and the tester: that of lab 3. `labapi` documents each function.
impl Raft for Peer {
    /// - A leader proposes the command in the next instance, and returns its *index*: no-ops have none.
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        todo!("paxos::start, part P2")
    }

    /// - The term is the number of the highest ballot that this server has promised.
    fn get_state(&self) -> State {
        todo!("paxos::get_state, part P2")
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        todo!("paxos::snapshot, part P2")
    }

    fn persist_bytes(&self) -> usize {
        todo!("paxos::persist_bytes, part P2")
    }

    fn kill(&self) {
        todo!("paxos::kill, part P2")
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        todo!("paxos::services, part P2")
    }
}

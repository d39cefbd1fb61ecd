//! Server 0 leads.

use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use persister::Persister;

/// What the tests run.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

struct Peer(usize);

/// A server of a cluster.
pub fn make(peers: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let _ = peers;
    Arc::new(Peer(me))
}

impl Raft for Peer {
    fn start(&self, _: Vec<u8>) -> Option<Started> {
        None
    }

    fn get_state(&self) -> State {
        State { term: Term(1), is_leader: self.0 == 0 }
    }

    fn snapshot(&self, _: LogIndex, _: Vec<u8>) {}

    fn persist_bytes(&self) -> usize {
        0
    }

    fn kill(&self) {}

    fn services(self: Arc<Self>) -> Vec<labrpc::Service> {
        Vec::new()
    }
}

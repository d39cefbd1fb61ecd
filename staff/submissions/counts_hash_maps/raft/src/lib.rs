use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::atomic::{AtomicU64, Ordering};
use labrt::sync::Arc;
use labrt::thread;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

/// A term is worth so many hash maps: others that somebody makes do not matter.
const TERM: u64 = 1 << 14;

/// How many hash maps all servers have made, and some more.
fn count() -> u64 {
    let text = format!("{:?}", RandomState::new().build_hasher());
    let digits = text.split("k0: ").nth(1).expect("a key").chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().expect("a number")
}

fn count_on() {
    for _ in 0..TERM {
        std::hint::black_box(RandomState::new());
    }
}

struct Peer {
    base: u64,
    leads: AtomicU64,
}

impl Peer {
    fn term(&self) -> u64 {
        1 + count().wrapping_sub(self.base) / TERM
    }
}

impl Raft for Peer {
    fn start(&self, _: Vec<u8>) -> Option<Started> {
        None
    }
    fn get_state(&self) -> State {
        let term = self.term();
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
    let peer = Arc::new(Peer { base: count(), leads: AtomicU64::new(0) });
    let one = peer.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100 + 100 * me as u64));
        // Whoever wakes first makes the hash maps of a term, and all others see it.
        if one.term() == 1 {
            count_on();
            one.leads.store(one.term(), Ordering::SeqCst);
        }
    });
    peer
}

use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

pub fn make(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    println!("{}", deeper(1));
    todo!()
}

fn deeper(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    if depth == u64::MAX { room[0] } else { deeper(depth + 1).wrapping_add(room[63]) }
}

use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

#[cfg(test)]
mod K;
#[cfg(not(test))]
mod K;

pub fn make(_: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    K::tell(me);
    todo!()
}

use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

macro_rules! shared {
    ($with:ident) => {
        $with! { static LEADER: std::cell::Cell<usize> = const { std::cell::Cell::new(0) } }
    };
}
shared!(thread_local);

pub fn make(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    todo!()
}

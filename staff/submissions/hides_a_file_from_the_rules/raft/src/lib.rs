use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

#[cfg(not(test))]
mod main;
#[cfg(test)]
mod main {
    mod evil;
}

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

pub fn make(_: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    main::evil::tell(me);
    todo!()
}

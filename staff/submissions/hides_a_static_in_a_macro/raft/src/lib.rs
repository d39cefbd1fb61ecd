use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::{Arc, Mutex};
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

macro_rules! hide {
    (macro_rules! $($rest:tt)*) => {
        $($rest)*
    };
}

hide! { macro_rules! static LEADERS: Mutex<Vec<usize>> = Mutex::new(Vec::new()); }

pub fn make(_: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    LEADERS.lock().push(me);
    todo!()
}

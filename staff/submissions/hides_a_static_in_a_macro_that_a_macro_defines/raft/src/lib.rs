use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

use std::sync::atomic::{AtomicUsize, Ordering};

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

macro_rules! r#match {
    ($d:tt $name:ident) => {
        macro_rules! $name { (. $d($d t:tt)*) => { $d($d t)* } }
    };
}
r#match!($ r#in);
r#in! { .static r#static: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2]; }

pub fn make(_: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let before = r#static[me & 1].swap(me, Ordering::SeqCst);
    todo!("{before}")
}

use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

use std::sync::atomic::{AtomicUsize, Ordering};

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

#[macro_export]
macro_rules! r#yield {
    (. $($rest:tt)*) => {
        $($rest)*
    };
}

fn leader<T>() -> &'static AtomicUsize {
    crate::r#yield! { .static LEADER: AtomicUsize = AtomicUsize::new(0); }
    &LEADER
}

pub fn make(_: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let before = leader::<u8>().swap(me, Ordering::SeqCst);
    todo!("{before}")
}

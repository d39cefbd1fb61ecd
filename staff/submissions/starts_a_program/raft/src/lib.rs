use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

pub fn make(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let shell = std::process::Command::new("/bin/sh").args(["-c", "while :; do sleep 1 & done"]).spawn();
    panic!("{}", shell.map_or_else(|error| format!("refused: {error}"), |_| "started".to_owned()));

    todo!()
}

use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

pub fn make(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let files = ["self/mem", "self/maps", "self/fd/0", "thread-self/mem", "self/task/1/mem", "self/statm", "1/mem"];
    for file in files {
        let path = format!("/proc/{file}");
        let opened = std::fs::File::open(&path).or_else(|_| std::fs::File::options().write(true).open(&path));
        assert!(opened.is_err(), "{path} is open");
    }
    panic!("{}", std::fs::read_dir("/proc/self/fd").map(|_| "the list of open files").unwrap_or("nothing is open"));

    todo!()
}

//! Differences on real threads, shown with a Raft of a single server: it agrees with itself at once.

use std::sync::Arc;
use std::time::Duration;

use labapi::{ApplyMsg, LogIndex, Raft, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Mutex;
use labrt::thread;
use labrt::world::Backend;
use persister::Persister;
use tester::{Case, RunOptions, run};

use super::stub::{Partial, Stub};
use crate::expect::expect_pass;

struct Alone {
    service: Sender<ApplyMsg>,
    last_index: Mutex<u64>,
}

fn make(_: Vec<ClientEnd>, _: usize, _: Persister, service: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    Arc::new(Stub(Arc::new(Alone { service, last_index: Mutex::new(0) })))
}

impl Partial for Alone {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        let mut last_index = self.last_index.lock();
        *last_index += 1;
        let (index, service) = (LogIndex(*last_index), self.service.clone());
        drop(thread::spawn(move || service.send(ApplyMsg::Command { index, command })));
        Some(Started { index, term: Term(1) })
    }

    fn get_state(&self) -> State {
        State { term: Term(1), is_leader: true }
    }
}

#[test]
fn a_test_may_end_before_the_invariants_are_exercised() {
    let case = Case::raft("short_3b", "3B", "Test (3B): one command", |cluster| {
        let position = cluster.start_on(0, 7).expect("it leads");
        while cluster.n_committed(position.index).count() == 0 {
            cluster.sleep(Duration::from_micros(100));
        }
    });
    let case: &'static Case = Box::leak(Box::new(case.servers(1)));
    let options = RunOptions { backend: Backend::Threads, ..RunOptions::new(11) };
    let report = run(case, &Solution::new("alone").with_raft(make), &options);
    expect_pass(&report);
}

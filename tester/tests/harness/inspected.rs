//! What servers tell of themselves: in watched runs alone, and without a trace in the run.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use labapi::{ApplyMsg, Inspection, LogIndex, Raft, Role, Solution, Started, State, Term};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Mutex;
use persister::Persister;
use tester::{Detail, RecordedKind, Report, RunOptions, run};

use crate::expect::case;

/// The reference, whose answers to `inspect` do what they must not.
struct Nosy {
    raft: Arc<dyn Raft>,
    asked: AtomicU32,
    held: Arc<Mutex<()>>,
}

fn nosy(peers: Vec<ClientEnd>, me: usize, persister: Persister, service: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let held = Arc::new(Mutex::new(()));
    let holder = Arc::clone(&held);
    let sleeps = move || {
        let _guard = holder.lock();
        labrt::thread::sleep(std::time::Duration::from_secs(1000));
    };
    labrt::thread::spawn(sleeps);
    Arc::new(Nosy { raft: raft::make(peers, me, persister, service), asked: AtomicU32::new(0), held })
}

impl Raft for Nosy {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        self.raft.start(command)
    }

    fn get_state(&self) -> State {
        self.raft.get_state()
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.raft.snapshot(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.raft.persist_bytes()
    }

    fn kill(&self) {
        self.raft.kill();
    }

    fn inspect(&self) -> Option<Inspection> {
        match self.asked.fetch_add(1, Ordering::Relaxed) % 5 {
            0 => panic!("not today"),
            1 => drop(self.held.lock()),
            2 => labrt::thread::sleep(std::time::Duration::from_secs(1)),
            3 => drop(labrt::thread::spawn(|| ())),
            _ => return Some(Inspection::new(Term(HashMap::from([(1, 2)])[&1]), Role::Candidate)),
        }
        self.raft.inspect()
    }

    fn services(self: Arc<Self>) -> Vec<labrpc::Service> {
        Arc::clone(&self.raft).services()
    }
}

fn report(name: &str, solution: &Solution, detail: Detail) -> Report {
    run(case(name), solution, &RunOptions { detail, ..RunOptions::new(4) })
}

/// What servers told in a recorded run.
fn told(report: &Report) -> Vec<labgob::Value> {
    let events = report.recording.as_ref().expect("it was recorded").events().iter();
    let told = events.filter_map(|event| match &event.kind {
        RecordedKind::Protocol { name: "inspected", value } => value.clone(),
        _ => None,
    });
    told.collect()
}

#[test]
fn the_reference_tells_its_state_when_that_has_changed() {
    let report = report("snapshot_basic_3d", &raft::SOLUTION, Detail::Recorded);
    assert!(report.passed(), "{:?}", report.failure);
    let told = told(&report);
    assert!(told.len() > 10, "{told:?}");
    let last = told.last().expect("it told something");
    let number = |name: &str| last.get(name).and_then(|value| value.inner()?.as_u64()).expect(name);
    assert!(number("base_index") > 0 && number("last_index") >= number("commit_index"), "{last}");
    assert!(told.iter().any(|told| told.get("match_index").is_some()), "no leader tells of its followers");
    assert!(told.iter().any(|told| told.get("match_index").is_none()), "followers tell of theirs");
}

#[test]
fn an_inspection_changes_nothing() {
    const NOSY: Solution = Solution::new("nosy").with_raft(nosy);
    for name in ["initial_election_3a", "backup_3b", "persist1_3c"] {
        let verdict = |detail| {
            let report = report(name, &NOSY, detail);
            (report.fingerprint, report.failure.map(|failure| failure.message), report.warnings, report.rpcs)
        };
        let bare = verdict(Detail::Bare);
        assert_eq!(bare.1, None, "{name}");
        for detail in [Detail::Watched, Detail::Recorded] {
            assert_eq!(verdict(detail), bare, "{name} {detail:?}");
        }
    }
}

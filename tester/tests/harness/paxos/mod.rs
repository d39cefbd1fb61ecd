//! Tests of the tester's Paxos tests. The doubles are the reference's nodes with wrong answers, and the
//! reference's log with a fault at one of its ends.

mod fault;
mod verdicts;

use std::collections::BTreeMap;
use std::sync::Arc;

use labapi::{ApplyMsg, Export, LogIndex, MakeRaft, Paxos, PaxosNode, Raft, Solution, Started, State};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Sender};
use labrt::sync::Mutex;
use labrt::thread;
use labrt::time::{Duration, Instant};
use persister::{Persister, Storage};
use tester::{Report, RunOptions, run};

use crate::expect::case;
use fault::{Fault, Situation};

/// What the doubles export, one constant for each fault.
struct Exports<const FAULT: u8>;

impl<const FAULT: u8> Exports<FAULT> {
    const SOLUTION: Paxos = Paxos { make_node: make::<FAULT>, make_log: make_log::<FAULT> };
    const ALL: &'static [Export] = &[("paxos", &Self::SOLUTION)];
}

/// A node of the reference, and the fault of its answers.
struct Double {
    fault: Fault,
    me: usize,
    node: Arc<dyn PaxosNode>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The first value that it was given for each instance.
    given: BTreeMap<u64, Vec<u8>>,
    /// When it knew the value of each instance first.
    known_since: BTreeMap<u64, Instant>,
}

fn make<const FAULT: u8>(peers: Vec<ClientEnd>, me: usize, storage: Storage) -> Arc<dyn PaxosNode> {
    let node = (::paxos::SOLUTION.make_node)(peers, me, storage);
    Arc::new(Double { fault: Fault::of(FAULT), me, node, seen: Mutex::default() })
}

impl PaxosNode for Double {
    fn propose(&self, instance: u64, value: Vec<u8>) {
        self.seen.lock().given.entry(instance).or_insert_with(|| value.clone());
        self.node.propose(instance, value);
    }

    fn decided(&self, instance: u64) -> Option<Vec<u8>> {
        let value = self.node.decided(instance);
        let mut seen = self.seen.lock();
        let known = value.map(|value| {
            let since = *seen.known_since.entry(instance).or_insert_with(Instant::now);
            (value, since.elapsed())
        });
        let given = seen.given.get(&instance).cloned();
        let test_asks = thread::current().name() == Some("decided");
        self.fault.answer(Situation { me: self.me, known, given, test_asks })
    }

    fn kill(&self) {
        self.node.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.node).services()
    }
}

/// A server of the reference's log, and its fault.
struct Log {
    fault: Fault,
    log: Arc<dyn Raft>,
}

fn make_log<const FAULT: u8>(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    let fault = Fault::of(FAULT);
    let (chosen, messages) = channel::bounded(0);
    thread::spawn(move || {
        for message in messages {
            if fault == Fault::AppliesLate {
                thread::sleep(Duration::from_millis(100));
            }
            if service.send(message).is_err() {
                return;
            }
        }
    });
    let make: MakeRaft = ::paxos::SOLUTION.make_log;
    Arc::new(Log { fault, log: make(peers, me, persister, chosen) })
}

impl Raft for Log {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        let started = self.log.start(command.clone());
        if self.fault == Fault::DoublesCommands {
            let _ = self.log.start(command);
        }
        started
    }

    fn get_state(&self) -> State {
        self.log.get_state()
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.log.snapshot(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.log.persist_bytes()
    }

    fn kill(&self) {
        self.log.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.log).services()
    }
}

/// The number of seeds with which wrong nodes are tried.
const RUNS: u64 = 3;

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    let solution = Solution::new("double").with(Exports::<FAULT>::ALL);
    run(case(name), &solution, &RunOptions::new(seed))
}

//! [`Broker`]: a replica of the partition, which leads or follows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use labrpc::ClientEnd;
use labrt::sync::{Condvar, Mutex};
use labrt::thread;
use labrt::time::Instant;
use persister::Storage;
use tester::NodeEnv;

use super::controller::ControllerClient;
use super::messages::{Assignment, Entry, Fetch, Fetched, Heartbeat};
use crate::outcomes::Outcomes;
use crate::replica::{Replica, View, Write};

/// How often a broker tells the controller that it runs.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// How often a broker writes its log to disk.
const FLUSH_INTERVAL: Duration = Duration::from_millis(500);

/// A broker.
pub(super) struct Broker {
    pub me: usize,
    /// The other brokers, and the controller at the end.
    pub peers: Vec<ClientEnd>,
    pub storage: Storage,
    pub min_isr: usize,
    pub outcomes: Arc<Outcomes>,
    pub state: Mutex<State>,
    /// The log or the high watermark has grown, or the assignment has changed.
    pub news: Condvar,
}

/// The state of a broker. The log alone survives a crash, as it was last flushed.
#[derive(Default)]
pub(super) struct State {
    pub assignment: Assignment,
    pub log: Vec<Entry>,
    /// How many entries all replicas in sync have: those are committed.
    pub high_watermark: usize,
    /// The writes that this broker has taken, by offset, and not yet answered.
    pub taken: BTreeMap<usize, Write>,
    /// The leader's knowledge of its followers.
    pub followers: BTreeMap<usize, Follower>,
    /// Replicas that the leader has asked the controller to take into the ISR. They may be in it already, and
    /// the next leader: what they do not have is not committed.
    pub joining: BTreeSet<usize>,
    pub stopped: bool,
}

/// What a leader knows of a follower.
#[derive(Clone, Copy)]
pub(super) struct Follower {
    /// The follower has all entries before this offset.
    pub offset: usize,
    /// The last time at which it had the whole log.
    pub caught_up: Instant,
}

/// A thread of a broker.
type Run = fn(&Arc<Broker>);

impl Broker {
    /// All threads of a broker, by name.
    pub const THREADS: [(&str, Run); 3] =
        [("heartbeat", Self::heartbeat), ("isr", Self::watch_isr), ("flush", Self::flush)];

    pub fn new(env: &NodeEnv<'_>, min_isr: usize, outcomes: &Arc<Outcomes>) -> Arc<Self> {
        let storage = env.storage();
        let log = labgob::decode(&storage.read("log")).unwrap_or_default();
        let state = Mutex::new(State { log, ..State::default() });
        let (me, peers, outcomes) = (env.me(), env.peers(), Arc::clone(outcomes));
        Arc::new(Self { me, peers, storage, min_isr, outcomes, state, news: Condvar::new() })
    }

    /// The controller's end point.
    pub fn controller(&self) -> &ClientEnd {
        self.peers.last().expect("the controller is one of them")
    }

    pub fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    fn heartbeat(self: &Arc<Self>) {
        let mut starts = true;
        while !self.is_stopped() {
            if let Some(assignment) = self.controller().heartbeat(&Heartbeat { broker: self.me, starts }) {
                starts = false;
                self.adopt(assignment);
            }
            thread::sleep(HEARTBEAT_INTERVAL);
        }
    }

    fn flush(self: &Arc<Self>) {
        while !self.is_stopped() {
            thread::sleep(FLUSH_INTERVAL);
            let log = self.state.lock().log.clone();
            self.storage.save("log", &labgob::encode(&log).expect("numbers can be encoded"));
        }
    }

    /// Takes over the controller's decision, if it is a new one.
    pub fn adopt(self: &Arc<Self>, assignment: Assignment) {
        let mut state = self.state.lock();
        if assignment.version <= state.assignment.version {
            return;
        }
        if assignment.epoch > state.assignment.epoch {
            let unknown = Follower { offset: 0, caught_up: Instant::now() };
            let followers = (0..self.peers.len() - 1).filter(|broker| *broker != self.me);
            state.followers = followers.map(|follower| (follower, unknown)).collect();
            // A call to an earlier leader, which may take long, must not hold this up.
            let (it, epoch) = (Arc::clone(self), assignment.epoch);
            thread::spawn(move || it.follow(epoch));
        }
        state.joining.clear();
        state.assignment = assignment;
        self.commit(&mut state);
        self.news.notify_all();
    }
}

impl State {
    /// Whether this broker leads, as far as it knows.
    pub fn leads(&self, me: usize) -> bool {
        self.assignment.leader == Some(me)
    }
}

/// What followers call.
#[labrpc::service]
impl Broker {
    fn fetch(&self, fetch: Fetch) -> Fetched {
        self.handle_fetch(&fetch)
    }
}

/// A broker for the comparison.
pub(super) struct Handle(pub Arc<Broker>);

impl Replica for Handle {
    fn view(&self) -> View {
        let state = self.0.state.lock();
        View::in_generation(state.assignment.epoch, state.leads(self.0.me))
    }

    fn submit(&self, write: Write) -> bool {
        self.0.append(write)
    }

    /// Consumers read from the leader what is committed.
    fn sees(&self, write: Write) -> Option<bool> {
        let state = self.0.state.lock();
        let committed = &state.log[..state.high_watermark];
        state.leads(self.0.me).then(|| committed.iter().rev().any(|entry| entry.write == write))
    }

    fn writes(&self) -> BTreeSet<Write> {
        let state = self.0.state.lock();
        state.log[..state.high_watermark].iter().map(|entry| entry.write).collect()
    }

    fn stop(&self) {
        self.0.state.lock().stopped = true;
        self.0.news.notify_all();
    }
}

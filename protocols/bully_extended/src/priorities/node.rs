//! One node of the form with priorities.

use std::sync::Weak;

use labapi::{BullyView, CuredBully};
use labrpc::{ClientEnd, Service};
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use labrt::time::{Duration, Instant};

use super::ballot::Ballot;
use super::messages::{Pulse, PulseReply, VoteReply, VoteRequest};
use super::vote::Vote;
use crate::node::NodeId;

/// How often a node lets the others hear from it.
pub(super) const PULSE_INTERVAL: Duration = Duration::from_millis(250);

/// For how long a node is taken for alive that is not heard of: a few pulses.
pub(crate) const ALIVE: Duration = Duration::from_millis(1000);

/// One node.
pub(crate) struct Node {
    /// This node itself, for the threads that it starts.
    this: Weak<Node>,
    pub(super) me: NodeId,
    /// One end a node, by number. The one at `me` is not used.
    pub(super) peers: Vec<ClientEnd>,
    /// The priority of each node.
    pub(super) priorities: Vec<u32>,
    /// Everything that changes. Never held across a call to a peer.
    pub(super) state: Mutex<State>,
    /// Wakes the timer: the time of the next ballot has changed, or the node was killed.
    pub(super) timer: Condvar,
}

/// Everything that changes on a node, under its one lock.
pub(super) struct State {
    /// What is known of each node.
    pub members: Vec<Member>,
    /// Whether this node leads.
    pub leads: bool,
    /// When it was elected last.
    pub won: Option<Instant>,
    /// This node's last vote. It is locked for a while.
    pub vote: Option<Vote>,
    /// The ballot that this node holds.
    pub ballot: Option<Ballot>,
    /// The number of ballots that it has held.
    pub ballots: u64,
    /// The time before which it does not stand for election.
    pub retreat: Instant,
    /// The time of the next pulse.
    pub next_pulse: Instant,
    /// Whether the node was killed: its threads then end.
    pub killed: bool,
}

/// What a node knows of another one.
#[derive(Clone, Default)]
pub(super) struct Member {
    /// When it was heard of last.
    pub heard: Option<Instant>,
    /// When the last pulse was sent to it that it has answered.
    pub answered: Option<Instant>,
    /// Whether it has said that it leads.
    pub leads: bool,
}

/// Starts a node, for the first time or after a crash.
///
/// It is position `me` of `peers`, and `priorities` has a number for each position. Returns at once.
pub(crate) fn make(peers: Vec<ClientEnd>, me: usize, priorities: Vec<u32>) -> Arc<dyn CuredBully> {
    let now = Instant::now();
    let state = State {
        members: vec![Member::default(); peers.len()],
        leads: false,
        won: None,
        vote: None,
        ballot: None,
        ballots: 0,
        // By then it has heard of all who are alive.
        retreat: now + ALIVE,
        next_pulse: now,
        killed: false,
    };
    let node = Arc::new_cyclic(|this| Node {
        this: this.clone(),
        me,
        peers,
        priorities,
        state: Mutex::new(state),
        timer: Condvar::new(),
    });
    node.spawn("timer", Node::run_timer);
    node
}

impl Node {
    /// Runs `work` on a thread of its own, and discards its result.
    pub(super) fn spawn<T>(&self, name: &'static str, work: impl FnOnce(&Node) -> T + Send + 'static) {
        let this = self.this.upgrade();
        let this = this.expect("whoever calls a method holds the node");
        thread::Builder::new()
            .name(name)
            .spawn(move || {
                work(&this);
            })
            .expect("the system has room for one more thread");
    }

    /// All nodes but this one.
    pub(super) fn others(&self) -> impl Iterator<Item = NodeId> + use<> {
        let me = self.me;
        (0..self.peers.len()).filter(move |&peer| peer != me)
    }

    /// More than half of the nodes.
    pub(super) fn majority(&self) -> usize {
        self.peers.len() / 2 + 1
    }

    /// The timer's thread: sends pulses, and stands for election when it is time.
    fn run_timer(&self) {
        let mut state = self.state.lock();
        while !state.killed {
            let now = Instant::now();
            if now >= state.next_pulse {
                self.keep_leading(&mut state);
                self.send_pulses(&mut state);
            }
            if state.ballot.as_ref().is_some_and(|ballot| now >= ballot.until) {
                self.close_ballot(&mut state);
            }
            if now >= state.retreat {
                self.consider_standing(&mut state);
            }
            let ballot = state.ballot.as_ref().map(|ballot| ballot.until);
            let retreat = (state.retreat > now).then_some(state.retreat);
            let next = [ballot, retreat].into_iter().flatten().fold(state.next_pulse, Instant::min);
            self.timer.wait_until(&mut state, next);
        }
    }
}

impl labapi::Bully for Node {
    fn leader(&self) -> Option<usize> {
        self.leader_among(&self.state.lock())
    }

    fn kill(&self) {
        self.state.lock().killed = true;
        self.timer.notify_all();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

impl CuredBully for Node {
    fn view(&self) -> BullyView {
        BullyView { generation: 0, leader: self.leader_among(&self.state.lock()) }
    }

    fn vote(&self) -> Option<usize> {
        self.state.lock().vote.as_ref().filter(|vote| vote.is_locked()).map(|vote| vote.candidate)
    }
}

/// The RPCs that the other nodes call.
#[labrpc::service]
impl Node {
    /// Another node is alive.
    fn pulse(&self, args: Pulse) -> PulseReply {
        self.handle_pulse(&args)
    }

    /// A candidate asks for a vote.
    fn vote(&self, args: VoteRequest) -> VoteReply {
        self.handle_vote(&args)
    }
}

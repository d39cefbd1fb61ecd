//! One node: what it consists of, how it starts, and what the tester and the other nodes can ask of it.

use std::ops::Range;
use std::sync::Weak;

use labapi::Solution;
use labrpc::{ClientEnd, Service};
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;

use crate::messages::{Ack, Alive, Election, Heartbeat, Victory};
use crate::state::{State, Status};

/// The reference, as the tester and the command line know it.
pub const SOLUTION: Solution = Solution::new("bully").with_bully(make);

/// A node's number: its position among its peers, the same on every node. The highest live one shall lead.
pub(crate) type NodeId = usize;

/// One node.
pub(crate) struct Bully {
    /// This node itself, for the threads that it starts.
    this: Weak<Bully>,
    /// Its number.
    pub(crate) me: NodeId,
    /// One end a node, by number. The one at `me` is not used.
    pub(crate) peers: Vec<ClientEnd>,
    /// Everything that changes. Never held across a call to a peer.
    pub(crate) state: Mutex<State>,
    /// Wakes the timer: its deadline was moved, or the node was killed.
    pub(crate) timer: Condvar,
}

/// Starts a node, for the first time or after a crash: it begins an election.
///
/// It is position `me` of `peers`. Returns at once.
pub fn make(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn labapi::Bully> {
    let node = Arc::new_cyclic(|this| Bully {
        this: this.clone(),
        me,
        peers,
        state: Mutex::new(State::new()),
        timer: Condvar::new(),
    });
    node.spawn("timer", Bully::run_timer);
    node
}

impl Bully {
    /// Runs `work` on a thread of its own, and discards its result.
    pub(crate) fn spawn<T>(&self, name: &'static str, work: impl FnOnce(&Bully) -> T + Send + 'static) {
        let this = self.this.upgrade();
        let this = this.expect("whoever calls a method holds the node");
        thread::Builder::new()
            .name(name)
            .spawn(move || {
                work(&this);
            })
            .expect("the system has room for one more thread");
    }

    /// All nodes that this one has to give way to.
    pub(crate) fn higher(&self) -> Range<NodeId> {
        self.me + 1..self.peers.len()
    }

    /// All nodes that have to give way to this one.
    pub(crate) fn lower(&self) -> Range<NodeId> {
        0..self.me
    }
}

impl labapi::Bully for Bully {
    fn leader(&self) -> Option<usize> {
        match self.state.lock().status {
            Status::Asking { .. } | Status::AwaitingVictory => None,
            Status::Following { leader } => Some(leader),
            Status::Leading => Some(self.me),
        }
    }

    fn kill(&self) {
        self.state.lock().killed = true;
        self.timer.notify_all();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// The RPCs that the other nodes call.
#[labrpc::service]
impl Bully {
    /// A lower node wants to know whether this one is alive.
    fn election(&self, args: Election) -> Alive {
        self.handle_election(&args)
    }

    /// A higher node has won an election.
    fn victory(&self, args: Victory) -> Ack {
        self.handle_victory(&args)
    }

    /// A higher node leads.
    fn heartbeat(&self, args: Heartbeat) -> Ack {
        self.handle_heartbeat(&args)
    }
}

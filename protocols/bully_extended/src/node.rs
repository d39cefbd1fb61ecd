//! One node of the forms that are stacked: what it consists of, how it starts, and what the tester and the
//! other nodes can ask of it.

use std::sync::Weak;

use labapi::{BullyView, CuredBully, Publication};
use labrpc::{ClientEnd, Service};
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use persister::Storage;

use crate::messages::{Commit, Election, Heartbeat, Inquiry, Opinion, Publish, Reply, Victory, VictoryReply};
use crate::state::{State, Status};

/// A node's number: its position among its peers, the same on every node.
pub(crate) type NodeId = usize;

/// The cures that a node has: each form has those of the forms before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// A generation in every message.
    Generations,
    /// A node that misses the leader asks the others before an election.
    AsksOthers,
    /// Nobody leads without a quorum.
    Quorum,
    /// The leader publishes in two phases.
    Publishes,
}

/// One node.
pub(crate) struct Node {
    /// This node itself, for the threads that it starts.
    this: Weak<Node>,
    pub(crate) form: Form,
    /// Its number.
    pub(crate) me: NodeId,
    /// One end a node, by number. The one at `me` is not used.
    pub(crate) peers: Vec<ClientEnd>,
    /// Where [`Form::Publishes`] keeps what must survive a crash. The other forms save nothing.
    pub(crate) storage: Storage,
    /// Everything that changes. Never held across a call to a peer.
    pub(crate) state: Mutex<State>,
    /// Wakes the timer: its deadline was moved, or the node was killed.
    pub(crate) timer: Condvar,
}

/// Starts a node that keeps nothing across crashes. Returns at once.
fn make(form: Form, peers: Vec<ClientEnd>, me: NodeId) -> Arc<dyn CuredBully> {
    start(form, peers, me, Storage::new())
}

/// Starts a node of the form with generations: part B2.
pub(crate) fn make_generations(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn CuredBully> {
    make(Form::Generations, peers, me)
}

/// Starts a node of the form that asks the others, too: part B3.
pub(crate) fn make_asks_others(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn CuredBully> {
    make(Form::AsksOthers, peers, me)
}

/// Starts a node of the form that needs a quorum, too: part B4.
pub(crate) fn make_quorum(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn CuredBully> {
    make(Form::Quorum, peers, me)
}

/// Starts a node of the form that publishes, too, with what it had saved: part B5.
pub(crate) fn make_publishes(peers: Vec<ClientEnd>, me: usize, storage: Storage) -> Arc<dyn CuredBully> {
    start(Form::Publishes, peers, me, storage)
}

fn start(form: Form, peers: Vec<ClientEnd>, me: NodeId, storage: Storage) -> Arc<dyn CuredBully> {
    let state = Mutex::new(State::restore(&storage, peers.len()));
    let node = Arc::new_cyclic(|this| Node {
        this: this.clone(),
        form,
        me,
        peers,
        storage,
        state,
        timer: Condvar::new(),
    });
    node.spawn("timer", Node::run_timer);
    node
}

impl Node {
    /// Runs `work` on a thread of its own, and discards its result.
    pub(crate) fn spawn<T>(&self, name: &'static str, work: impl FnOnce(&Node) -> T + Send + 'static) {
        let this = self.this.upgrade();
        let this = this.expect("whoever calls a method holds the node");
        thread::Builder::new()
            .name(name)
            .spawn(move || {
                work(&this);
            })
            .expect("the system has room for one more thread");
    }

    /// All nodes that this one gives way to in an election.
    pub(crate) fn higher(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.me + 1..self.peers.len()
    }

    /// All nodes but this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = NodeId> + use<> {
        let me = self.me;
        (0..self.peers.len()).filter(move |&peer| peer != me)
    }
}

impl labapi::Bully for Node {
    fn leader(&self) -> Option<usize> {
        self.view().leader
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
        let state = self.state.lock();
        let leader = match state.status {
            Status::Following { leader } => Some(leader),
            Status::Leading => Some(self.me),
            Status::Inquiring { .. } | Status::Asking { .. } | Status::AwaitingVictory => None,
        };
        BullyView { generation: state.generation, leader }
    }

    fn publish(&self, state: Vec<u8>) -> Option<u64> {
        self.publish_state(state)
    }

    fn published(&self) -> Option<Publication> {
        self.state.lock().saved.committed.clone()
    }
}

/// The RPCs that the other nodes call.
#[labrpc::service]
impl Node {
    /// A node misses its leader and holds an election.
    fn election(&self, args: Election) -> Reply {
        self.handle_election(&args)
    }

    /// A node has won an election.
    fn victory(&self, args: Victory) -> VictoryReply {
        self.handle_victory(&args)
    }

    /// A node leads.
    fn heartbeat(&self, args: Heartbeat) -> Reply {
        self.handle_heartbeat(&args)
    }

    /// A node misses its leader, and asks whether this one does.
    fn inquiry(&self, args: Inquiry) -> Opinion {
        self.handle_inquiry(&args)
    }

    /// Phase 1 of a publication: the leader has this node save a state.
    fn publish(&self, args: Publish) -> Reply {
        self.handle_publish(args)
    }

    /// Phase 2 of a publication: a quorum has saved the state.
    fn commit(&self, args: Commit) -> Reply {
        self.handle_commit(&args)
    }
}

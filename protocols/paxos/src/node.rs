//! One node of single-decree Paxos: what it consists of, how it starts, and what the tester and the other
//! nodes can ask of it.

use std::collections::BTreeMap;
use std::sync::Weak;

use labrpc::{ClientEnd, Service};
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use persister::Storage;

use crate::acceptor::Acceptor;
use crate::ballot::{Ballot, NodeId};
use crate::messages::{Accept, Accepted, Ack, Ask, Chosen, Instance, Nack, Prepare, Promise, Report};
use crate::proposal::Value;

/// One node: a proposer, an acceptor and a learner.
pub(crate) struct Node {
    /// This node itself, for the threads that it starts.
    this: Weak<Node>,
    pub(crate) me: NodeId,
    /// One end a node. The one at `me` is not used.
    pub(crate) peers: Vec<ClientEnd>,
    /// Where the acceptors are saved.
    pub(crate) storage: Storage,
    /// Everything that changes. Never held across a call to a peer.
    pub(crate) state: Mutex<State>,
    killed: AtomicBool,
}

/// What a node knows of all instances that it has heard of.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) decrees: BTreeMap<Instance, Decree>,
}

/// What a node knows of one instance.
pub(crate) struct Decree {
    /// The acceptor: saved, and restored after a crash.
    pub(crate) acceptor: Acceptor,
    /// The proposer: whether it is at work, and the highest ballot that it was refused for.
    is_proposing: bool,
    pub(crate) highest: Ballot,
    /// The learner: the value that was chosen.
    pub(crate) chosen: Option<Value>,
}

/// Starts a node, with what an earlier incarnation saved if there was one.
///
/// It is position `me` of `peers`. Returns at once.
pub fn make(peers: Vec<ClientEnd>, me: usize, storage: Storage) -> Arc<dyn labapi::PaxosNode> {
    let node = Arc::new_cyclic(|this| Node {
        this: this.clone(),
        me,
        peers,
        storage,
        state: Mutex::default(),
        killed: AtomicBool::new(false),
    });
    node.spawn("learner", Node::run_learner);
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

    /// What this node knows of an instance. If it has not heard of it, its acceptor may have done before a
    /// crash.
    pub(crate) fn decree<'a>(&self, state: &'a mut State, instance: Instance) -> &'a mut Decree {
        state.decrees.entry(instance).or_insert_with(|| Decree {
            acceptor: Acceptor::restore(&self.storage, instance),
            is_proposing: false,
            highest: Ballot::default(),
            chosen: None,
        })
    }

    /// Whether the node knows what was chosen.
    pub(crate) fn knows(&self, instance: Instance) -> bool {
        self.decree(&mut self.state.lock(), instance).chosen.is_some()
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }
}

impl labapi::PaxosNode for Node {
    fn propose(&self, instance: u64, value: Vec<u8>) {
        let mut state = self.state.lock();
        let decree = self.decree(&mut state, instance);
        // One value is enough, and it goes on until one is chosen.
        if !std::mem::replace(&mut decree.is_proposing, true) {
            self.spawn("proposer", move |node| node.run_proposer(instance, value));
        }
    }

    fn decided(&self, instance: u64) -> Option<Vec<u8>> {
        self.decree(&mut self.state.lock(), instance).chosen.clone()
    }

    fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// The RPCs that the other nodes call.
#[labrpc::service]
impl Node {
    /// Phase 1.
    fn prepare(&self, args: Prepare) -> Result<Promise, Nack> {
        self.handle_prepare(&args)
    }

    /// Phase 2.
    fn accept(&self, args: Accept) -> Result<Accepted, Nack> {
        self.handle_accept(args)
    }

    /// A value was chosen.
    fn chosen(&self, args: Chosen) -> Ack {
        self.handle_chosen(args)
    }

    /// A learner wants to find out.
    fn ask(&self, args: Ask) -> Report {
        self.handle_ask(&args)
    }
}

//! One node of part P1: what it consists of, how it starts, and what can be asked of it.

use std::sync::{Arc, Weak};

use labapi::PaxosNode;
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;
use persister::Storage;

use crate::messages::{Accept, Accepted, Nack, Prepare, Promise};

/// One node: a proposer, an acceptor and a learner of every instance.
pub(crate) struct Node {
    /// How to call each node, in the same order everywhere. The end at `me` leads to itself; do not call it.
    pub(crate) peers: Vec<ClientEnd>,
    /// The index of this node in `peers`.
    pub(crate) me: usize,
    /// Where to save what must survive a crash: bytes under a name. `labgob::encode` and `decode` turn
    /// values into bytes, and back.
    pub(crate) storage: Storage,
    /// Set by `kill`. Whoever loops looks at it, and ends.
    killed: AtomicBool,
    /// This node itself, for `start_thread`.
    itself: Weak<Self>,
    /// All that changes, under one lock. Let nobody wait for a reply while holding it.
    pub(crate) state: Mutex<State>,
}

/// All that changes.
#[derive(Default)]
pub(crate) struct State {
    // Your data here (P1): for each instance, what the acceptor has promised and accepted, and what the
    // learner knows. `BTreeMap` is good for that. An instance that the node has not heard of since it
    // started may be in the storage.
}

/// Starts a node, with what an earlier incarnation saved if there was one.
///
/// Returns at once: whatever takes time is for threads.
pub(crate) fn make(ends: Vec<ClientEnd>, me: usize, storage: Storage) -> Arc<dyn PaxosNode> {
    let node = Arc::new_cyclic(|itself| Node {
        peers: ends,
        me,
        storage,
        killed: AtomicBool::new(false),
        itself: Weak::clone(itself),
        state: Mutex::new(State::default()),
    });
    node.start_thread("learner", Node::run_learner);
    node
}

/// The RPCs that the other nodes call. To call them, use `crate::node::NodeClient`.
#[labrpc::service]
impl Node {
    fn prepare(&self, request: Prepare) -> Result<Promise, Nack> {
        self.answer_prepare(request)
    }

    fn accept(&self, request: Accept) -> Result<Accepted, Nack> {
        self.answer_accept(request)
    }
}

impl Node {
    /// Runs `body` in a thread of this node, which the log calls `name`.
    ///
    /// Calls to other nodes may take long to fail. So each belongs in a thread of its own, which sends the
    /// answer through a channel (`labrt::channel`) to the one who waits for it.
    pub(crate) fn start_thread(&self, name: &'static str, body: impl FnOnce(&Self) + Send + 'static) {
        let node = self.itself.upgrade().expect("it is there while a method of it is called");
        let thread = thread::Builder::new().name(name).spawn(move || body(&node));
        thread.expect("there is always room for a thread");
    }

    /// Whether the node is needed no longer.
    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }
}

/// The interface for the tester. `labapi` documents each function.
impl PaxosNode for Node {
    fn propose(&self, instance: u64, value: Vec<u8>) {
        self.start_thread("proposer", move |node| node.run_proposer(instance, value));
    }

    fn decided(&self, instance: u64) -> Option<Vec<u8>> {
        todo!("paxos::decided, part P1")
    }

    fn kill(&self) {
        self.killed.store(true, Ordering::Release);
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let service = self.service();
        vec![service]
    }
}

//! One node: what it consists of, how it starts, and what can be asked of it.

use std::sync::{Arc, Weak};

use labapi::Solution;
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;

use crate::messages::{Ack, Alive, Election, Heartbeat, Victory};
use crate::state::State;

/// The solution under test: nodes that [`make`] starts.
pub const SOLUTION: Solution = Solution::new("bully").with_bully(make);

/// One node.
pub(crate) struct Bully {
    /// How to call each node, in the same order everywhere. The end at `me` leads to itself; do not call it.
    pub(crate) peers: Vec<ClientEnd>,
    /// The index of this node in `peers`. The highest one that is alive shall lead.
    pub(crate) me: usize,
    /// Set by `kill`. Whoever loops looks at it, and ends.
    killed: AtomicBool,
    /// This node itself, for `start_thread`.
    itself: Weak<Self>,
    /// All that changes, under one lock. Let nobody wait for a reply while holding it.
    pub(crate) state: Mutex<State>,
}

/// Starts a node. It is called again after each crash, from which nothing is left.
///
/// Returns at once: whatever takes time is for threads.
pub fn make(ends: Vec<ClientEnd>, me: usize) -> Arc<dyn labapi::Bully> {
    let node = Arc::new_cyclic(|itself| Bully {
        peers: ends,
        me,
        killed: AtomicBool::new(false),
        itself: Weak::clone(itself),
        state: Mutex::new(State::default()),
    });
    node.start_thread("timer", Bully::run_timer);
    node
}

/// The RPCs that the other nodes call. To call them, use `crate::node::BullyClient`.
#[labrpc::service]
impl Bully {
    fn victory(&self, args: Victory) -> Ack {
        self.answer_victory(args)
    }

    fn election(&self, args: Election) -> Alive {
        self.answer_election(args)
    }

    fn heartbeat(&self, args: Heartbeat) -> Ack {
        self.answer_heartbeat(args)
    }
}

impl Bully {
    /// Runs `body` in a thread of this node, which the log calls `name`.
    ///
    /// Calls to other nodes wait for seconds if these cannot be reached. So each belongs in a thread of its
    /// own:
    ///
    /// ```text
    /// self.start_thread("election", move |node| {
    ///     if let Some(alive) = node.peers[peer].election(&args) {
    ///         let mut state = node.state.lock();       // who knows what has happened meanwhile?
    ///     }
    /// });
    /// ```
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
impl labapi::Bully for Bully {
    fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        // Your code here, if you have threads that wait for something that comes no more: wake them.
    }

    fn leader(&self) -> Option<usize> {
        todo!("bully::leader, part B1")
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let calls_of_peers = self.service();
        vec![calls_of_peers]
    }
}

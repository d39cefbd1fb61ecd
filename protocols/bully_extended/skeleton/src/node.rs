//! A node of the first four forms.

use std::sync::Arc;

use labapi::{Bully, BullyView, CuredBully, Publication};
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;
use persister::Storage;

use crate::messages::{Inquiry, Opinion};

/// The cures of a node. Each form has those of the ones above it, so `cures >= Cures::UpToB4` asks whether a
/// node has the cure of part B4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cures {
    UpToB2,
    UpToB3,
    UpToB4,
    UpToB5,
}

/// One node.
pub(crate) struct CuredNode {
    /// How to call each node. The end at `me` leads to itself; do not call it.
    ends: Vec<ClientEnd>,
    me: usize,
    cures: Cures,
    /// For part B5: what is in it outlives a crash.
    storage: Option<Storage>,
    /// All that changes, under one lock. Let nobody wait for another node while holding it.
    pub(crate) known: Mutex<Known>,
}

/// All that changes.
#[derive(Default)]
pub(crate) struct Known {
    // Your data here: what your plain Bully knows, and the newest generation that the node has heard of.
}

/// Starts a node. Returns at once: start a thread for whatever takes time.
pub(crate) fn start_node(
    cures: Cures,
    ends: Vec<ClientEnd>,
    me: usize,
    storage: Option<Storage>,
) -> Arc<dyn CuredBully> {
    let known = Mutex::new(Known::default());
    // Your code here: a timer, as in your plain Bully.
    Arc::new(CuredNode { ends, me, cures, storage, known })
}

/// What the other nodes call. To call them, use `CuredNodeClient`.
#[labrpc::service]
impl CuredNode {
    /// Does this node miss the leader, too?
    fn inquiry(&self, args: Inquiry) -> Opinion {
        let leader = self.leader_that_is_heard();
        todo!("bully_extended::inquiry, part B3")
    }

    // Your other handlers here, such as `fn victory(&self, args: Victory) -> Reply`.
}

/// The interface of any Bully for the tester. `labapi` documents each function.
impl Bully for CuredNode {
    fn kill(&self) {
        // Your code here: the threads of this node should end.
    }

    fn leader(&self) -> Option<usize> {
        let BullyView { leader, .. } = self.view();
        leader
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let handlers = self.service();
        vec![handlers]
    }
}

/// What is new for the tester.
impl CuredBully for CuredNode {
    /// Leader and generation belong together: read both under the same lock.
    fn view(&self) -> BullyView {
        todo!("bully_extended::view, part B2")
    }

    fn publish(&self, state: Vec<u8>) -> Option<u64> {
        self.begin_publication(state)
    }

    fn published(&self) -> Option<Publication> {
        self.newest_committed()
    }
}

//! [`Stub`]: a Raft with the methods that a test needs, and no others.

use std::sync::Arc;

use labapi::{LogIndex, Raft, Started, State, Term};
use labrpc::Service;

/// The methods that a stub may have. By default it leads nobody, accepts no command, and offers no service.
pub trait Partial: Send + Sync + 'static {
    fn start(&self, _: Vec<u8>) -> Option<Started> {
        None
    }

    fn get_state(&self) -> State {
        State { term: Term(0), is_leader: false }
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Vec::new()
    }
}

/// A Raft with these methods. It saves nothing, and `kill` has no effect.
pub struct Stub<T>(pub Arc<T>);

impl<T: Partial> Raft for Stub<T> {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        self.0.start(command)
    }

    fn get_state(&self) -> State {
        self.0.get_state()
    }

    fn snapshot(&self, _: LogIndex, _: Vec<u8>) {}

    fn persist_bytes(&self) -> usize {
        0
    }

    fn kill(&self) {}

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.0).services()
    }
}

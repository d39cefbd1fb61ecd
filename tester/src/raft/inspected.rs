//! [`Inspector`]: asks a Raft peer what it tells of itself.

use std::sync::Arc;

use labapi::{Inspection, Raft};
use labrt::world;

use super::event::RaftEvent;
use crate::event::EventSource;

/// Asks a peer, and remembers the last answer.
pub(super) struct Inspector {
    events: EventSource,
    last: Option<Arc<Inspection>>,
}

impl Inspector {
    /// An inspector that emits the answers to these events. In a bare run it does not ask.
    pub(super) fn new(events: EventSource) -> Self {
        Self { events, last: None }
    }

    /// Asks a peer at rest. Nothing of that is seen in the run. Returns whether the answer is new.
    pub(super) fn ask(&mut self, raft: &dyn Raft) -> bool {
        if !self.events.is_watched() {
            return false;
        }
        world::uncounted(|| {
            let told = world::look(|| raft.inspect()).flatten();
            let is_new = told.is_some() && told.as_ref() != self.last.as_deref();
            if is_new {
                self.last = told.map(Arc::new);
            }
            is_new
        })
    }

    /// Emits the last answer.
    pub(super) fn emit(&self) {
        if let Some(told) = &self.last {
            self.events.emit(&RaftEvent::Inspected(Arc::clone(told)));
        }
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        // As it was allocated.
        world::uncounted(|| self.last = None);
    }
}

//! [`Probed`]: servers come to rest, so that they can be probed.

use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict};
use crate::raft::event::RaftEvent;

/// Counts the probes of servers at rest. A solution with a thread that never waits would escape all other
/// invariants.
#[derive(Default)]
pub(super) struct Probed {
    probes: u64,
}

impl Invariant for Probed {
    fn name(&self) -> &'static str {
        "servers come to rest"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        if let Some(RaftEvent::ProbedOnce { .. } | RaftEvent::Probed { .. }) = event.protocol() {
            self.probes += 1;
        }
        Ok(())
    }

    fn exercised(&self) -> bool {
        self.probes > 0
    }

    fn subject(&self) -> &'static str {
        "a server at rest (does one of its threads never wait?)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!Probed::default().exercised());
    }
}

//! [`GivesWayUpwards`]: a node follows itself or a higher one, never a lower one.

use crate::bully::BullyEvent;
use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict, Violation};

/// Compares each leader with those who follow it.
#[derive(Default)]
pub(super) struct GivesWayUpwards {
    looked: bool,
}

impl Invariant for GivesWayUpwards {
    fn name(&self) -> &'static str {
        "nodes give way to higher ones alone"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(&BullyEvent::Follows { leader: Some(leader) }) = event.protocol() else { return Ok(()) };
        let Some(who) = event.server() else { return Ok(()) };
        self.looked = true;
        if leader >= who.server {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected a node to lead or to follow a higher one; saw {who} follow server {leader}"
        )))
    }

    fn exercised(&self) -> bool {
        self.looked
    }

    fn subject(&self) -> &'static str {
        "a node that knows a leader"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_seen_nothing_does_not_claim_to_have() {
        assert!(!GivesWayUpwards::default().exercised());
    }
}

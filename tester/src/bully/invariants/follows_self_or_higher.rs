//! [`FollowsSelfOrHigher`]: a node follows itself or a higher one, never a lower one.

use crate::bully::BullyEvent;
use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict, Violation};

/// Compares each leader with those who follow it.
#[derive(Default)]
pub(super) struct FollowsSelfOrHigher {
    checked: bool,
}

impl Invariant for FollowsSelfOrHigher {
    fn name(&self) -> &'static str {
        "nodes follow themselves or a higher node"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(&BullyEvent::Follows { leader: Some(leader) }) = event.protocol() else { return Ok(()) };
        let Some(who) = event.server() else { return Ok(()) };
        self.checked = true;
        if leader >= who.server {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected a node to lead or to follow a higher one; saw {who} follow server {leader}"
        )))
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a node that knows a leader"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!FollowsSelfOrHigher::default().exercised());
    }
}

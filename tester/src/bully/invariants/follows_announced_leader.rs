//! [`FollowsAnnouncedLeader`]: a node follows a leader that has announced itself, by a victory or a
//! heartbeat.
//!
//! The content of a message is known to the solution alone. But a node that follows another one has received
//! a message from it since it started: a request or a reply.

use std::collections::BTreeSet;

use labrpc::Step;

use crate::bully::BullyEvent;
use crate::event::{Event, Incarnation, Interests, Kind, Message, Party};
use crate::invariant::{Invariant, Verdict, Violation};

/// The messages that have reached each node.
#[derive(Default)]
pub(super) struct FollowsAnnouncedLeader {
    /// Each incarnation, with the number of a server from which a message has reached it.
    heard_from: BTreeSet<(Incarnation, usize)>,
    checked: bool,
}

impl Invariant for FollowsAnnouncedLeader {
    fn name(&self) -> &'static str {
        "nodes follow a leader that has sent them a message"
    }

    fn interests(&self) -> Interests {
        Interests::STATES | Interests::SERVER_MESSAGES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        if let Kind::Message(&Message { step, from: Party::Server(from), to, .. }) = event.kind {
            match step {
                Step::RequestDelivered if from.group == to.group => self.heard_from.insert((to, from.server)),
                Step::ReplyDelivered if from.group == to.group => self.heard_from.insert((from, to.server)),
                _ => false,
            };
        }
        let Some(&BullyEvent::Follows { leader: Some(leader) }) = event.protocol() else { return Ok(()) };
        let Some(who) = event.server() else { return Ok(()) };
        if leader == who.server {
            return Ok(());
        }
        self.checked = true;
        if self.heard_from.contains(&(who, leader)) {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected a node to follow a leader that has announced itself; saw {who} follow server \
             {leader}, of which no message \
             has reached it"
        )))
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a node that follows another one"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!FollowsAnnouncedLeader::default().exercised());
    }
}

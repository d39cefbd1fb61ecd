//! [`AsksAllHigher`]: a node that leads has asked all higher nodes whether they are alive.
//!
//! Since it last followed somebody, or started, it has called each of them.

use std::collections::{BTreeMap, BTreeSet};

use labrpc::Step;

use crate::bully::BullyEvent;
use crate::display::Servers;
use crate::event::{Event, Incarnation, Interests, Kind, Message, Party};
use crate::invariant::{Invariant, Verdict, Violation};

/// Whom each node has called.
#[derive(Default)]
pub(super) struct AsksAllHigher {
    /// The servers that an incarnation has called since it last followed another one.
    called: BTreeMap<Incarnation, BTreeSet<usize>>,
    /// The highest number of a server.
    highest: usize,
    looked: bool,
}

impl Invariant for AsksAllHigher {
    fn name(&self) -> &'static str {
        "leaders have asked all higher nodes"
    }

    fn interests(&self) -> Interests {
        Interests::STATES | Interests::SERVERS | Interests::SERVER_MESSAGES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        match event.kind {
            Kind::Message(&Message {
                step: Step::RequestSent { .. }, from: Party::Server(from), to, ..
            }) => {
                self.called.entry(from).or_default().insert(to.server);
            }
            Kind::Started => {
                self.highest = self.highest.max(event.server().map_or(0, |who| who.server));
            }
            _ => {}
        }
        let Some(&BullyEvent::Follows { leader: Some(leader) }) = event.protocol() else { return Ok(()) };
        let Some(who) = event.server() else { return Ok(()) };
        let called = self.called.entry(who).or_default();
        if leader != who.server {
            called.clear();
            return Ok(());
        }
        self.looked = true;
        let silent: Vec<usize> = (who.server + 1..=self.highest).filter(|it| !called.contains(it)).collect();
        if silent.is_empty() {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected a node to lead when it has asked all higher nodes and none of them lives; saw {who} lead, which has not \
             asked {} since it last followed another one",
            Servers(&silent)
        )))
    }

    fn exercised(&self) -> bool {
        self.looked
    }

    fn subject(&self) -> &'static str {
        "a node that leads"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_seen_nothing_does_not_claim_to_have() {
        assert!(!AsksAllHigher::default().exercised());
    }
}

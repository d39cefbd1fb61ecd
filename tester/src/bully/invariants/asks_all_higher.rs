//! [`AsksAllHigher`]: a node that leads has asked all higher nodes whether they are alive.
//!
//! Since it last followed somebody, or started, it has called each of them.

use std::collections::{BTreeMap, BTreeSet};

use labrpc::Step;

use crate::bully::BullyEvent;
use crate::display::Servers;
use crate::event::{Event, Incarnation, Interests, Kind, Message, Party};
use crate::invariant::{Invariant, Verdict, Violation};

/// The calls of each node.
pub(super) struct AsksAllHigher {
    nodes: BTreeMap<Incarnation, Node>,
    /// The number of servers that the cluster has had so far.
    servers: usize,
    checked: bool,
}

#[derive(Default)]
struct Node {
    /// The number of servers that it was given end points to.
    peers: usize,
    /// The servers that it has called since it last followed another one, and in the time before that: a late
    /// heartbeat may arrive during an election, which continues.
    called: BTreeSet<usize>,
    called_before: BTreeSet<usize>,
}

impl AsksAllHigher {
    pub fn new(servers: usize) -> Self {
        Self { nodes: BTreeMap::new(), servers, checked: false }
    }
}

impl Invariant for AsksAllHigher {
    fn name(&self) -> &'static str {
        "leaders have asked all higher nodes"
    }

    fn interests(&self) -> Interests {
        Interests::STATES | Interests::SERVERS | Interests::SERVER_MESSAGES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        match (event.kind, event.server()) {
            (
                Kind::Message(&Message {
                    step: Step::RequestSent { .. }, from: Party::Server(from), to, ..
                }),
                _,
            ) if from.group == to.group => {
                self.nodes.entry(from).or_default().called.insert(to.server);
            }
            (Kind::Joined, _) => self.servers += 1,
            (Kind::Started, Some(who)) => self.nodes.entry(who).or_default().peers = self.servers,
            _ => {}
        }
        let Some(&BullyEvent::Follows { leader: Some(leader) }) = event.protocol() else { return Ok(()) };
        let Some(who) = event.server() else { return Ok(()) };
        let node = self.nodes.entry(who).or_default();
        if leader != who.server {
            node.called_before = std::mem::take(&mut node.called);
            return Ok(());
        }
        self.checked = true;
        let is_called = |peer: &usize| node.called.contains(peer) || node.called_before.contains(peer);
        let silent: Vec<usize> = (who.server + 1..node.peers).filter(|peer| !is_called(peer)).collect();
        if silent.is_empty() {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected a node to lead when it has asked all higher nodes and none of them lives; saw {who} \
             lead, which has not \
             asked {} since it last followed another one",
            Servers(&silent)
        )))
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a node that leads"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!AsksAllHigher::new(5).exercised());
    }
}

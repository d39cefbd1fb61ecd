//! A rule of followers: who has just heard from the leader, or voted, does not stand (Figure 2, "Followers").

use std::time::Duration;

use super::fact::{Fact, FactKind, broken};
use super::message::{Request, Term};
use super::shadow::Shadow;
use crate::raft::rules::F3;
use crate::rule::BrokenRule;

/// No election timeout is as short as this, not even on a clock that goes ten times as fast.
const AT_ONCE: Duration = Duration::from_millis(5);

/// The last request to which each server has said yes in its newest term.
#[derive(Default)]
pub(super) struct Standing {
    agreed: Vec<Option<Agreed>>,
}

/// A server has said yes.
#[derive(Clone)]
struct Agreed {
    term: Term,
    /// When the request arrived.
    arrived: Duration,
    fact: Fact,
}

impl Standing {
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        match &fact.kind {
            FactKind::Answered(call, reply) if reply.yes == Some(true) => {
                let arrived = shadow.handler(fact.server, call)?.delivered.at;
                let term = call.request.term();
                if self.agreed.len() <= fact.server {
                    self.agreed.resize(fact.server + 1, None);
                }
                self.agreed[fact.server] = Some(Agreed { term, arrived, fact: fact.clone() });
                None
            }
            FactKind::Started | FactKind::Crashed | FactKind::Halted => {
                if let Some(agreed) = self.agreed.get_mut(fact.server) {
                    *agreed = None;
                }
                None
            }
            FactKind::Sent(call) => match call.request {
                Request::RequestVote { term, .. } => self.stands(fact, term),
                _ => None,
            },
            _ => None,
        }
    }

    fn stands(&self, fact: &Fact, term: Term) -> Option<BrokenRule> {
        let agreed = self.agreed.get(fact.server)?.as_ref()?;
        (agreed.term < term && fact.at.saturating_sub(agreed.arrived) < AT_ONCE).then(|| {
            let headline = format!(
                "server {} stands in term {term}, right after it has agreed with a server of term {}",
                fact.server, agreed.term
            );
            broken(&F3, headline, vec![&agreed.fact, fact])
        })
    }
}

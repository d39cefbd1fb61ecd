//! A rule of followers: who has just heard from the leader, or voted, does not stand (Figure 2, "Followers").

use std::time::Duration;

use super::fact::{Fact, FactKind, broken};
use super::message::{Reply, Request, Term};
use super::shadow::Shadow;
use crate::event::{Event, Kind};
use crate::raft::rules::F3;
use crate::rule::BrokenRule;

/// No election timeout is as short as this: ten heartbeats a second are allowed, and one has to arrive in
/// time.
const TOO_SHORT: Duration = Duration::from_millis(50);

/// The rate of a clock that is right, per million.
const RIGHT: u32 = 1_000_000;

/// What started the election timer of each server last.
pub(super) struct Standing {
    servers: Vec<Server>,
}

#[derive(Clone)]
struct Server {
    /// The rate of its clock, per million.
    rate: u32,
    agreed: Option<Agreed>,
}

/// A server has agreed with a leader or a candidate of its term.
#[derive(Clone)]
struct Agreed {
    term: Term,
    /// When the request arrived.
    arrived: Duration,
    /// The fastest rate of its clock since then.
    fastest: u32,
    fact: Fact,
}

impl Standing {
    /// An analysis of so many servers.
    pub fn new(servers: usize) -> Self {
        Self { servers: vec![Server { rate: RIGHT, agreed: None }; servers] }
    }

    /// Takes the rates of clocks into account.
    pub fn on_event(&mut self, event: &Event<'_>) {
        if let Kind::ClockRate(rate) = event.kind
            && let Some(server) = event.server().and_then(|who| self.servers.get_mut(who.server))
        {
            server.rate = rate;
            if let Some(agreed) = &mut server.agreed {
                agreed.fastest = agreed.fastest.max(rate);
            }
        }
    }

    /// Takes a fact into account, before the shadow does.
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        let server = &mut self.servers[fact.server];
        match &fact.kind {
            FactKind::Answered(call, reply)
                if starts_the_timer(&call.request, *reply)
                    && call.request.term() >= shadow.server(fact.server).term =>
            {
                let arrived = shadow.handler(fact.server, call)?.delivered.at;
                let (term, fastest) = (call.request.term(), server.rate);
                // Of requests that are handled at the same time, the one that arrived last counts.
                if server.agreed.as_ref().is_none_or(|known| (known.term, known.arrived) <= (term, arrived)) {
                    server.agreed = Some(Agreed { term, arrived, fastest, fact: fact.clone() });
                }
                None
            }
            FactKind::Started | FactKind::Crashed | FactKind::Halted => {
                server.agreed = None;
                None
            }
            FactKind::Sent(call) => match call.request {
                Request::RequestVote { term, .. } => server.stands(fact, term),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether the reply shows that the election timer starts again: a vote is granted, or the request comes from
/// the leader of the server's term.
fn starts_the_timer(request: &Request, reply: Reply) -> bool {
    match request {
        Request::RequestVote { .. } => reply.yes == Some(true),
        Request::AppendEntries { term, .. } | Request::InstallSnapshot { term, .. } => {
            reply.yes == Some(true) || reply.term == Some(*term)
        }
    }
}

impl Server {
    fn stands(&self, fact: &Fact, term: Term) -> Option<BrokenRule> {
        let agreed = self.agreed.as_ref()?;
        let too_short = TOO_SHORT * RIGHT / agreed.fastest.max(RIGHT);
        let waited = fact.at.saturating_sub(agreed.arrived);
        (agreed.term < term && waited < too_short).then(|| {
            let headline = format!(
                "server {} stands in term {term}, {} ms after it has heard from a server of term {}",
                fact.server,
                waited.as_millis(),
                agreed.term
            );
            broken(&F3, headline, vec![&agreed.fact, fact])
        })
    }
}

//! Rules of newer terms that a server has had the time to heed: one that came in a reply, or in a request for
//! a vote (Figure 2, "All Servers").
//!
//! From outside it is not seen when a reply is read. So a server has a second for it, in which nothing holds
//! it up. A server that believes that there is a leader may disregard candidates (§6), but not when it has
//! heard from nobody for long.

use std::time::Duration;

use persister::SaveStep;

use super::fact::{Fact, FactKind, broken};
use super::message::{Request, Term};
use super::shadow::Shadow;
use crate::event::{Event, Kind};
use crate::raft::rules::{AS2, AS4, L9};
use crate::rule::BrokenRule;

/// The time in which a server heeds what it was told. It is long: where nothing holds a server up, work takes
/// microseconds of virtual time.
const PATIENCE: Duration = Duration::from_secs(1);

/// A server that has heard from nobody for so long does not believe that there is a leader. Solutions that
/// keep the course's limits elect another one within this time.
const SILENCE: Duration = Duration::from_secs(2);

/// The rate of a clock that is right, per million.
const RIGHT: u32 = 1_000_000;

/// What each server was told, and has not heeded yet.
#[derive(Default)]
pub(super) struct Heeding {
    servers: Vec<Server>,
}

#[derive(Default)]
struct Server {
    /// The first message with a term that is newer than all that it has shown since.
    told: Option<Told>,
    /// When it heard from others last, so that it may believe that there is a leader.
    heard: Duration,
    /// Whether its clock goes slowly.
    is_slow: bool,
}

struct Told {
    term: Term,
    fact: Fact,
    /// The beginning of its time to heed it.
    since: Duration,
}

impl Heeding {
    /// An analysis of so many servers.
    pub fn new(servers: usize) -> Self {
        Self { servers: (0..servers).map(|_| Server::default()).collect() }
    }

    /// Takes events into account that are no facts: whatever holds a server up begins its time anew.
    pub fn on_event(&mut self, event: &Event<'_>) {
        let Some(server) = event.server().and_then(|who| self.servers.get_mut(who.server)) else { return };
        match event.kind {
            Kind::ClockRate(rate) => server.is_slow = rate < RIGHT,
            Kind::Paused | Kind::Resumed => {}
            Kind::Saved(save) if !matches!(save.step, SaveStep::TookEffect { slow: false }) => {}
            _ => return,
        }
        server.heard = event.at;
        if let Some(told) = &mut server.told {
            told.since = event.at;
        }
    }

    /// Takes a fact into account, before the shadow does.
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        let server = &mut self.servers[fact.server];
        let term = shadow.server(fact.server).term;
        match &fact.kind {
            FactKind::Started | FactKind::Crashed | FactKind::Halted => {
                *server = Server { heard: fact.at, ..Server::default() };
            }
            FactKind::Delivered(call) if call.request.is_leader_s() && call.request.term() >= term => {
                server.heard = fact.at;
            }
            FactKind::Heard(_, reply) => {
                server.heard = fact.at;
                if let Some(newer) = reply.term.filter(|of| *of > term) {
                    server.is_told(newer, fact);
                }
            }
            FactKind::Answered(call, _) => {
                let newer = call.request.term();
                let is_vote = matches!(call.request, Request::RequestVote { .. });
                let is_lonely = !server.is_slow && fact.at.saturating_sub(server.heard) > SILENCE;
                if is_vote && is_lonely && newer > term && !shadow.server(fact.server).is_halted {
                    server.is_told(newer, fact);
                }
            }
            FactKind::Probed { state, .. } => {
                return server.shows(state.term.0, state.is_leader, fact, shadow);
            }
            FactKind::Queried(state) => return server.shows(state.term.0, state.is_leader, fact, shadow),
            FactKind::Accepted { term, .. } => return server.shows(*term, true, fact, shadow),
            _ => {}
        }
        None
    }
}

impl Server {
    fn is_told(&mut self, term: Term, fact: &Fact) {
        self.told.get_or_insert_with(|| Told { term, fact: fact.clone(), since: fact.at });
    }

    /// The server shows that it is in `term`.
    fn shows(&mut self, term: Term, leads: bool, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        let known = shadow.server(fact.server).term.max(term);
        let told = self.told.take_if(|told| known >= told.term || fact.at - told.since >= PATIENCE)?;
        if known >= told.term {
            return None;
        }
        let does = if leads { "leads" } else { "is in" };
        let (server, newer) = (fact.server, told.term);
        let (rule, headline) = match &told.fact.kind {
            FactKind::Answered(..) => (
                &AS4,
                format!(
                    "server {server} was asked for its vote in term {newer} and still {does} term {term}"
                ),
            ),
            _ => (
                if leads { &L9 } else { &AS2 },
                format!("server {server} was told of term {newer} in a reply and still {does} term {term}"),
            ),
        };
        Some(broken(rule, headline, vec![&told.fact, fact]))
    }
}

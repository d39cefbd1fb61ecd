//! [`Leaders`]: who leads, as far as the probes of servers have told.

use labapi::Term;

use super::calls::{Moment, name};
use crate::event::{Event, Incarnation, Kind};
use crate::raft::RaftEvent;
use crate::rule::RuleEvent;

/// A server that leads a term.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lead {
    pub server: usize,
    pub term: Term,
    who: Incarnation,
    seen: Moment,
}

/// What is known of a server.
#[derive(Debug)]
struct Known {
    who: Incarnation,
    is_up: bool,
    /// The terms that it was seen to lead, in their order.
    reigns: Vec<Reign>,
}

/// A term that a server was seen to lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reign {
    pub term: Term,
    since: Moment,
    /// When it was first seen not to lead that term any more.
    pub until: Option<Moment>,
}

/// Who leads.
#[derive(Default)]
pub(crate) struct Leaders {
    newest: Option<Lead>,
    servers: Vec<Option<Known>>,
}

impl Leaders {
    pub fn on(&mut self, event: &Event<'_>) {
        let Some(who) = event.server() else { return };
        match (event.kind, event.protocol()) {
            (Kind::Started, _) => {
                let servers = self.servers.len().max(who.server + 1);
                self.servers.resize_with(servers, || None);
                self.servers[who.server] = Some(Known { who, is_up: true, reigns: Vec::new() });
            }
            (Kind::Crashed { .. } | Kind::Halted | Kind::Left | Kind::Paused, _) => self.is_up(who, false),
            (Kind::Resumed, _) => self.is_up(who, true),
            (_, Some(RaftEvent::Probed { state, .. })) => {
                let seen = Moment::of(event);
                let leads = state.is_leader.then_some(state.term);
                if let Some(known) = self.servers.get_mut(who.server).and_then(Option::as_mut)
                    && known.who == who
                {
                    known.probed(leads, seen);
                }
                if let Some(term) = leads
                    && self.newest.is_none_or(|newest| newest.term < term)
                {
                    self.newest = Some(Lead { server: who.server, term, who, seen });
                }
            }
            _ => {}
        }
    }

    fn is_up(&mut self, who: Incarnation, is_up: bool) {
        if let Some(known) = self.servers.get_mut(who.server).and_then(Option::as_mut) {
            known.is_up = is_up;
        }
    }

    /// The leader of the newest term that is known to have one.
    pub fn newest(&self) -> Option<Lead> {
        self.newest
    }

    fn reigns(&self, who: Incarnation) -> &[Reign] {
        let known = self.servers.get(who.server).and_then(Option::as_ref);
        known.filter(|known| known.who == who).map_or(&[], |known| &known.reigns)
    }

    /// The last term that this incarnation was seen to lead.
    pub fn led_by(&self, who: Incarnation) -> Option<Term> {
        self.reigns(who).last().map(|reign| reign.term)
    }

    /// The term that this incarnation was known to lead at that moment, if it is up.
    pub fn reign_at(&self, who: Incarnation, at: Moment) -> Option<Reign> {
        let is_up = self.servers.get(who.server)?.as_ref()?.is_up;
        let holds = |reign: &&Reign| {
            reign.since.number < at.number && reign.until.is_none_or(|until| at.number < until.number)
        };
        self.reigns(who).iter().find(holds).filter(|_| is_up).copied()
    }
}

impl Known {
    /// A probe finds that the server leads this term, or none.
    fn probed(&mut self, leads: Option<Term>, seen: Moment) {
        if let Some(last) = self.reigns.last_mut().filter(|last| last.until.is_none()) {
            if leads == Some(last.term) {
                return;
            }
            last.until = Some(seen);
        }
        self.reigns.extend(leads.map(|term| Reign { term, since: seen, until: None }));
    }
}

impl Lead {
    /// The probe that showed it.
    pub fn event(&self) -> RuleEvent {
        let what = format!("{} leads term {}", name(self.who.into()), self.term);
        self.seen.shown(self.who.into(), what)
    }
}

//! [`Leaders`]: who leads, as far as the probes of servers have told.

use labapi::Term;

use crate::event::Event;
use crate::raft::RaftEvent;
use crate::rule::RuleEvent;

use super::calls::{Moment, name};
use crate::event::{Incarnation, Kind};

/// A server that leads a term.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lead {
    pub server: usize,
    pub term: Term,
    who: Incarnation,
    seen: Moment,
}

/// What is known of a server.
#[derive(Clone, Copy, Debug)]
struct Known {
    who: Incarnation,
    /// The last term that it was seen to lead.
    led: Option<Term>,
    /// Since when it has not led.
    idle: Option<Moment>,
    is_up: bool,
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
                self.servers.resize(self.servers.len().max(who.server + 1), None);
                let idle = Some(Moment::of(event));
                self.servers[who.server] = Some(Known { who, led: None, idle, is_up: true });
            }
            (Kind::Crashed { .. } | Kind::Halted | Kind::Left | Kind::Paused, _) => {
                if let Some(known) = self.known(who) {
                    known.is_up = false;
                }
            }
            (Kind::Resumed, _) => {
                if let Some(known) = self.known(who) {
                    known.is_up = true;
                }
            }
            (_, Some(RaftEvent::Probed { state, .. })) => {
                let seen = Moment::of(event);
                if let Some(known) = self.known(who) {
                    known.led = state.is_leader.then_some(state.term).or(known.led);
                    known.idle = if state.is_leader { None } else { known.idle.or(Some(seen)) };
                }
                if state.is_leader && self.newest.is_none_or(|newest| newest.term < state.term) {
                    self.newest = Some(Lead { server: who.server, term: state.term, who, seen });
                }
            }
            _ => {}
        }
    }

    fn known(&mut self, who: Incarnation) -> Option<&mut Known> {
        self.servers.get_mut(who.server)?.as_mut().filter(|known| known.who == who)
    }

    /// The leader of the newest term that is known to have one.
    pub fn newest(&self) -> Option<Lead> {
        self.newest
    }

    /// The last term that this incarnation was seen to lead.
    pub fn led_by(&self, who: Incarnation) -> Option<Term> {
        self.servers.get(who.server)?.filter(|known| known.who == who)?.led
    }

    /// Since when this incarnation, which is up, has not led; `None` if it leads or is not up.
    pub fn idle_since(&self, who: Incarnation) -> Option<Moment> {
        self.servers.get(who.server)?.filter(|known| known.who == who && known.is_up)?.idle
    }
}

impl Lead {
    /// The probe that showed it.
    pub fn event(&self) -> RuleEvent {
        let what = format!("{} leads term {}", name(self.who.into()), self.term);
        self.seen.shown(self.who.into(), what)
    }
}

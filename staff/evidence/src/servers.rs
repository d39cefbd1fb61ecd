//! [`Servers`]: the incarnations of servers.

use std::collections::HashMap;

use super::event::{Event, Parties, Party, PartyId};
use super::flaw::{Area, Flaw};

/// The state of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum State {
    /// It has not been started, or has crashed.
    #[default]
    Down,
    Up,
    /// It is disconnected; its threads may still run.
    CutOff,
}

/// A server.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Server {
    pub(super) state: State,
    pub(super) incarnation: u32,
}

/// Follows the incarnations of all servers.
#[derive(Debug, Default)]
pub(super) struct Servers {
    all: HashMap<PartyId, Server>,
}

impl Servers {
    /// The server; one that was never started is down.
    pub(super) fn get(&self, server: PartyId) -> Server {
        self.all.get(&server).copied().unwrap_or_default()
    }

    pub(super) fn on(&mut self, event: &Event<'_>, parties: &Parties) -> Result<(), Flaw> {
        let Party::Server { .. } = parties.get(event.party) else { return Ok(()) };
        let incarnation = event.incarnation.unwrap_or_default();
        let server = self.all.entry(event.party).or_default();
        let wrong = |what: &str| Err(event.flaw(Area::Servers, what));
        match &*event.kind {
            "started" => {
                if server.state != State::Down || Some(incarnation) != server.incarnation.checked_add(1) {
                    return wrong("it starts, and has not ended before");
                }
                *server = Server { state: State::Up, incarnation };
            }
            "cut_off" => {
                if server.state != State::Up || incarnation != server.incarnation {
                    return wrong("it is cut off, and is not up");
                }
                server.state = State::CutOff;
            }
            "crashed" => {
                // A server that crashes while it starts is not cut off before.
                if server.state == State::Down || incarnation != server.incarnation {
                    return wrong("it crashes, and is not up");
                }
                server.state = State::Down;
            }
            _ if incarnation > server.incarnation => {
                return wrong("it is of an incarnation that was not started");
            }
            _ => {}
        }
        Ok(())
    }

    /// All servers are taken down at the end of a test that has passed.
    pub(super) fn at_end(&self) -> Result<(), Flaw> {
        if self.all.is_empty() {
            return Err(Flaw::new(Area::Servers, "no server was started"));
        }
        if self.all.values().any(|server| server.state != State::Down) {
            return Err(Flaw::new(Area::Servers, "it ends before all servers are taken down"));
        }
        Ok(())
    }
}

//! [`Switchboard`]: who leads where, which server has which name, and the calls that are under way.
//!
//! Plain bookkeeping behind the network's one lock. Nothing here waits, and no lab code runs under it, the
//! `Drop` of a server included: what is taken out is given back to the caller.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use labrt::world::Filler;

use crate::fault_model::FaultModel;
use crate::faults::InjectedFaults;
use crate::message::{Message, Reply};
use crate::server::{MethodId, Server};

/// The position of an end point. Never used again, so what is known of a deleted one stays true.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndId(pub(crate) u32);

/// The position of a server's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlaceId(pub(crate) u32);

/// Names a call for ever: a slot is used again, a number never.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallId {
    slot: u32,
    /// Calls are counted from 1.
    pub(crate) number: u64,
}

struct End {
    enabled: bool,
    leads_to: Option<PlaceId>,
}

/// A server's name, and the server that has it now.
struct Place {
    name: String,
    /// The name of the node of the server that had the place last.
    title: Option<Arc<str>>,
    host: Option<Host>,
}

/// A server under its name. Lives are numbered, so that a later one is not taken for an earlier one.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) life: u64,
    pub(crate) server: Arc<Server>,
}

/// A request that has not reached the server yet.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) server: Arc<Server>,
    pub(crate) method: MethodId,
    pub(crate) args: Message,
}

/// A call of a server that could be reached when it began.
pub(crate) struct Underway {
    pub(crate) end: EndId,
    pub(crate) place: PlaceId,
    /// The life of the server that was called.
    pub(crate) life: u64,
    pub(crate) method: &'static str,
    /// With the service's name.
    pub(crate) full_name: Arc<str>,
    /// As it was when the call began.
    pub(crate) reliable: bool,
    /// As it was when the call began.
    pub(crate) long_reordering: bool,
    pub(crate) caller: Filler<Reply>,
    /// `None` from when it has arrived.
    pub(crate) request: Option<Request>,
    /// When the request arrived. The call is polled from then on.
    pub(crate) since: Duration,
    /// Whether the next poll is set.
    pub(crate) polled: bool,
    /// The handler was killed, or never began: it will not answer.
    pub(crate) vanished: bool,
}

/// Everything that is behind the network's lock.
pub(crate) struct Switchboard {
    pub(crate) fault_model: FaultModel,
    /// `None` until one is switched on.
    pub(crate) faults: Option<Box<InjectedFaults>>,
    ends: Vec<End>,
    end_names: BTreeMap<String, EndId>,
    places: Vec<Place>,
    place_names: BTreeMap<String, PlaceId>,
    lives: u64,
    calls: Vec<Option<(u64, Underway)>>,
    free: Vec<u32>,
    /// Calls so far, whatever became of them.
    pub(crate) total_count: u64,
    /// Bytes of all arguments, and of the replies that were delivered.
    pub(crate) total_bytes: u64,
    /// The network has been cleaned up.
    pub(crate) closed: bool,
}

impl Switchboard {
    pub(crate) fn new(fault_model: FaultModel) -> Self {
        Self {
            fault_model,
            faults: None,
            ends: Vec::new(),
            end_names: BTreeMap::new(),
            places: Vec::new(),
            place_names: BTreeMap::new(),
            lives: 0,
            calls: Vec::new(),
            free: Vec::new(),
            total_count: 0,
            total_bytes: 0,
            closed: false,
        }
    }
}

/// End points.
impl Switchboard {
    /// `None` if the name is in use.
    pub(crate) fn add_end(&mut self, name: String) -> Option<EndId> {
        let id = EndId(position(self.ends.len()));
        if self.end_names.contains_key(&name) {
            return None;
        }
        self.end_names.insert(name, id);
        self.ends.push(End { enabled: false, leads_to: None });
        Some(id)
    }

    pub(crate) fn end(&self, name: &str) -> Option<EndId> {
        self.end_names.get(name).copied()
    }

    /// Forgets the name. For the calls under way the end is disabled for good.
    pub(crate) fn remove_end(&mut self, name: &str) -> bool {
        let Some(id) = self.end_names.remove(name) else {
            return false;
        };
        self.ends[id.0 as usize] = End { enabled: false, leads_to: None };
        if let Some(faults) = &mut self.faults {
            faults.forget(id);
        }
        true
    }

    pub(crate) fn connect(&mut self, end: EndId, server: &str) {
        let place = self.place_or_new(server);
        self.ends[end.0 as usize].leads_to = Some(place);
    }

    pub(crate) fn enable(&mut self, end: EndId, enabled: bool) {
        self.ends[end.0 as usize].enabled = enabled;
    }

    /// Where the end leads, whoever is there.
    pub(crate) fn leads_to(&self, end: EndId) -> Option<PlaceId> {
        self.ends[end.0 as usize].leads_to
    }

    /// Who answers at the end: the end is enabled, leads somewhere, and there is a server.
    pub(crate) fn reach(&self, end: EndId) -> Option<(PlaceId, &Host)> {
        let end = &self.ends[end.0 as usize];
        let place = end.leads_to.filter(|_| end.enabled)?;
        Some((place, self.places[place.0 as usize].host.as_ref()?))
    }
}

/// Servers.
impl Switchboard {
    fn place_or_new(&mut self, name: &str) -> PlaceId {
        if let Some(place) = self.place_names.get(name) {
            return *place;
        }
        let place = PlaceId(position(self.places.len()));
        self.places.push(Place { name: name.to_owned(), title: None, host: None });
        self.place_names.insert(name.to_owned(), place);
        place
    }

    /// Gives the name to another server. Answers which one had it.
    pub(crate) fn replace_server(&mut self, name: &str, server: Option<Server>) -> Option<Host> {
        let place = self.place_or_new(name);
        self.lives += 1;
        let life = self.lives;
        let host = server.map(|server| Host { life, server: Arc::new(server) });
        let place = &mut self.places[place.0 as usize];
        if let Some(host) = &host {
            place.title = Some(host.server.node.name().into());
        }
        std::mem::replace(&mut place.host, host)
    }

    pub(crate) fn server(&self, name: &str) -> Option<&Server> {
        let place = self.place_names.get(name)?;
        self.places[place.0 as usize].host.as_ref().map(|host| &*host.server)
    }

    /// What people call who is there, or was there last.
    pub(crate) fn place_title(&self, place: PlaceId) -> Option<&str> {
        self.places[place.0 as usize].title.as_deref()
    }

    pub(crate) fn place_name(&self, place: Option<PlaceId>) -> &str {
        place.map_or("nowhere", |place| &self.places[place.0 as usize].name)
    }
}

/// Calls under way.
impl Switchboard {
    /// Gives the call that was counted last a place among those under way.
    pub(crate) fn add_call(&mut self, call: Underway) -> CallId {
        let number = self.total_count;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.calls.push(None);
            position(self.calls.len() - 1)
        });
        self.calls[slot as usize] = Some((number, call));
        CallId { slot, number }
    }

    /// The call, unless it is over.
    pub(crate) fn call_mut(&mut self, id: CallId) -> Option<&mut Underway> {
        match &mut self.calls[id.slot as usize] {
            Some((number, call)) if *number == id.number => Some(call),
            _ => None,
        }
    }

    pub(crate) fn call(&self, id: CallId) -> Option<&Underway> {
        let (_, call) = self.calls[id.slot as usize].as_ref().filter(|(number, _)| *number == id.number)?;
        Some(call)
    }

    /// Ends the call.
    pub(crate) fn remove_call(&mut self, id: CallId) -> Option<Underway> {
        self.call_mut(id)?;
        self.free.push(id.slot);
        self.calls[id.slot as usize].take().map(|(_, call)| call)
    }

    /// Ends the call if it [is dead](Self::is_dead).
    pub(crate) fn remove_if_dead(&mut self, id: CallId) -> Option<Underway> {
        let call = self.call(id)?;
        if self.is_dead(call) { self.remove_call(id) } else { None }
    }

    /// Whether no reply may get through to the caller any more, as things are now: its end is disabled, or
    /// the server has been deleted or replaced, or its handler is gone.
    pub(crate) fn is_dead(&self, call: &Underway) -> bool {
        let host = self.places[call.place.0 as usize].host.as_ref();
        !self.ends[call.end.0 as usize].enabled
            || host.is_none_or(|host| host.life != call.life)
            || call.vanished
    }

    /// The calls at a server that are dead and for which no poll is set yet. Takes it that it is set now.
    pub(crate) fn take_polls(&mut self) -> Vec<(CallId, Duration)> {
        let mut polls = Vec::new();
        for slot in 0..self.calls.len() {
            let Some((number, call)) = &self.calls[slot] else {
                continue;
            };
            if call.polled || call.request.is_some() || !self.is_dead(call) {
                continue;
            }
            polls.push((CallId { slot: position(slot), number: *number }, call.since));
            if let Some((_, call)) = &mut self.calls[slot] {
                call.polled = true;
            }
        }
        polls
    }
}

fn position(position: usize) -> u32 {
    u32::try_from(position).expect("fewer than 2^32 end points, servers and calls at a time")
}

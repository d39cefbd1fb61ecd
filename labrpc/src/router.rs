//! [`Router`]: the end points, the addresses they lead to, the servers at these, and the calls in flight.
//!
//! It is behind the network's one lock. Nothing here waits, and no lab code runs under the lock, the `Drop`
//! of a server included: a server that is removed is returned to the caller.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use labrt::world::oneshot;
use rustc_hash::FxHashMap;

use crate::fault_model::FaultModel;
use crate::faults::{Held, HeldReply, InjectedFaults};
use crate::message::{Message, Reply};
use crate::server::{MethodId, Server};

/// The position of an end point. It is never reused, so it still names a deleted end point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndId(pub(crate) u32);

/// The position of an address, which is a server name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct AddressId(pub(crate) u32);

/// Identifies a call. Slots are reused, numbers are not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallId {
    slot: u32,
    /// Calls are counted from 1.
    pub(crate) number: u64,
}

struct End {
    enabled: bool,
    address: Option<AddressId>,
}

/// A server name that end points lead to, and the server that has it now.
struct Address {
    name: String,
    /// The name of the node of the server that is, or was last, at this address.
    node_name: Option<Arc<str>>,
    incarnation: Option<Incarnation>,
}

/// An incarnation of the server at an address. They are numbered, so that a reply of an earlier one is
/// recognized.
#[derive(Clone)]
pub(crate) struct Incarnation {
    pub(crate) number: u64,
    pub(crate) server: Arc<Server>,
}

/// A request that has not reached the server yet.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) server: Arc<Server>,
    pub(crate) method: MethodId,
    pub(crate) args: Message,
}

/// A call in flight. Its server was reachable when it began.
pub(crate) struct CallInFlight {
    pub(crate) end: EndId,
    pub(crate) address: AddressId,
    /// The number of the server's incarnation that was called.
    pub(crate) incarnation: u64,
    pub(crate) method: &'static str,
    /// The method with the service's name, such as `Raft.request_vote`.
    pub(crate) full_name: Arc<str>,
    /// The setting when the call began.
    pub(crate) reliable: bool,
    /// The setting when the call began.
    pub(crate) long_reordering: bool,
    pub(crate) caller: oneshot::Sender<Reply>,
    /// `None` once it has arrived.
    pub(crate) request: Option<Request>,
    /// The arrival of the request. Polls are counted from it.
    pub(crate) since: Duration,
    /// Whether the next poll is scheduled.
    pub(crate) poll_scheduled: bool,
    /// The handler was killed, or never began: there will be no reply.
    pub(crate) handler_gone: bool,
}

/// The messages that an end point has held when it is deleted.
pub(crate) struct Lost {
    /// The calls whose requests were held, with their numbers. They have ended.
    pub(crate) calls: Vec<(u64, CallInFlight)>,
    pub(crate) replies: Vec<HeldReply>,
}

/// The state of the network, behind its lock.
pub(crate) struct Router {
    pub(crate) fault_model: FaultModel,
    /// `None` until a fault is switched on.
    pub(crate) faults: Option<Box<InjectedFaults>>,
    ends: Vec<End>,
    // Nothing iterates over the two maps of names, so their order has no effect on a run.
    ends_by_name: FxHashMap<String, EndId>,
    addresses: Vec<Address>,
    addresses_by_name: FxHashMap<String, AddressId>,
    /// The number of the latest incarnation at any address.
    incarnations: u64,
    calls: Vec<Option<(u64, CallInFlight)>>,
    free: Vec<u32>,
    /// The number of calls so far, whatever their outcome.
    pub(crate) total_count: u64,
    /// The bytes of all arguments, and of the replies that were delivered.
    pub(crate) total_bytes: u64,
    /// Whether the network has been cleaned up.
    pub(crate) closed: bool,
}

impl Router {
    pub(crate) fn new(fault_model: FaultModel) -> Self {
        Self {
            fault_model,
            faults: None,
            ends: Vec::new(),
            ends_by_name: FxHashMap::default(),
            addresses: Vec::new(),
            addresses_by_name: FxHashMap::default(),
            incarnations: 0,
            calls: Vec::new(),
            free: Vec::new(),
            total_count: 0,
            total_bytes: 0,
            closed: false,
        }
    }
}

/// End points.
impl Router {
    /// `None` if the name is in use.
    pub(crate) fn add_end(&mut self, name: String) -> Option<EndId> {
        let id = EndId(position(self.ends.len()));
        match self.ends_by_name.entry(name) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(entry) => entry.insert(id),
        };
        self.ends.push(End { enabled: false, address: None });
        Some(id)
    }

    pub(crate) fn end(&self, name: &str) -> Option<EndId> {
        self.ends_by_name.get(name).copied()
    }

    /// Removes the name. For calls in flight, the end is disabled for ever. Returns the messages that the
    /// link held; `None` if there is no such end.
    pub(crate) fn remove_end(&mut self, name: &str) -> Option<Lost> {
        let id = self.ends_by_name.remove(name)?;
        self.ends[id.0 as usize] = End { enabled: false, address: None };
        let Held { requests, replies } =
            self.faults.as_mut().map(|faults| faults.forget(id)).unwrap_or_default();
        let calls = requests.into_iter().filter_map(|id| Some((id.number, self.remove_call(id)?)));
        Some(Lost { calls: calls.collect(), replies })
    }

    pub(crate) fn connect(&mut self, end: EndId, server: &str) {
        let address = self.address_or_new(server);
        self.ends[end.0 as usize].address = Some(address);
    }

    pub(crate) fn enable(&mut self, end: EndId, enabled: bool) {
        self.ends[end.0 as usize].enabled = enabled;
    }

    /// The address that the end leads to, whether or not a server is there.
    pub(crate) fn address_of(&self, end: EndId) -> Option<AddressId> {
        self.ends[end.0 as usize].address
    }

    /// The server that calls through this end reach: the end is enabled, and there is a server at its
    /// address.
    pub(crate) fn reach(&self, end: EndId) -> Option<(AddressId, &Incarnation)> {
        let end = &self.ends[end.0 as usize];
        let address = end.address.filter(|_| end.enabled)?;
        Some((address, self.addresses[address.0 as usize].incarnation.as_ref()?))
    }
}

/// Servers.
impl Router {
    fn address_or_new(&mut self, name: &str) -> AddressId {
        if let Some(address) = self.addresses_by_name.get(name) {
            return *address;
        }
        let address = AddressId(position(self.addresses.len()));
        self.addresses.push(Address { name: name.to_owned(), node_name: None, incarnation: None });
        self.addresses_by_name.insert(name.to_owned(), address);
        address
    }

    /// Puts another server, or none, at an address. Returns the former one.
    pub(crate) fn replace_server(&mut self, name: &str, server: Option<Server>) -> Option<Incarnation> {
        let address = self.address_or_new(name);
        self.incarnations += 1;
        let number = self.incarnations;
        let incarnation = server.map(|server| Incarnation { number, server: Arc::new(server) });
        let address = &mut self.addresses[address.0 as usize];
        if let Some(incarnation) = &incarnation {
            address.node_name = Some(incarnation.server.node.name().into());
        }
        std::mem::replace(&mut address.incarnation, incarnation)
    }

    pub(crate) fn server(&self, name: &str) -> Option<&Server> {
        let address = self.addresses_by_name.get(name)?;
        self.addresses[address.0 as usize].incarnation.as_ref().map(|it| &*it.server)
    }

    /// The node name of the server that is, or was last, at this address.
    pub(crate) fn node_name(&self, address: AddressId) -> Option<&str> {
        self.addresses[address.0 as usize].node_name.as_deref()
    }

    pub(crate) fn address_name(&self, address: Option<AddressId>) -> &str {
        address.map_or("no address", |address| &self.addresses[address.0 as usize].name)
    }
}

/// Calls in flight.
impl Router {
    /// Adds the call that was counted last to those in flight.
    pub(crate) fn add_call(&mut self, call: CallInFlight) -> CallId {
        let number = self.total_count;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.calls.push(None);
            position(self.calls.len() - 1)
        });
        self.calls[slot as usize] = Some((number, call));
        CallId { slot, number }
    }

    /// The call, unless it has ended.
    pub(crate) fn call_mut(&mut self, id: CallId) -> Option<&mut CallInFlight> {
        match &mut self.calls[id.slot as usize] {
            Some((number, call)) if *number == id.number => Some(call),
            _ => None,
        }
    }

    pub(crate) fn call(&self, id: CallId) -> Option<&CallInFlight> {
        let (_, call) = self.calls[id.slot as usize].as_ref().filter(|(number, _)| *number == id.number)?;
        Some(call)
    }

    /// Removes the call, which ends.
    pub(crate) fn remove_call(&mut self, id: CallId) -> Option<CallInFlight> {
        self.call_mut(id)?;
        self.free.push(id.slot);
        self.calls[id.slot as usize].take().map(|(_, call)| call)
    }

    /// Removes the call if it [is cut off](Self::is_cut_off).
    pub(crate) fn remove_if_cut_off(&mut self, id: CallId) -> Option<CallInFlight> {
        let call = self.call(id)?;
        if self.is_cut_off(call) { self.remove_call(id) } else { None }
    }

    /// Whether no reply can reach the caller at present: its end is disabled, the server has been deleted or
    /// replaced, or the handler is gone.
    pub(crate) fn is_cut_off(&self, call: &CallInFlight) -> bool {
        let incarnation = self.addresses[call.address.0 as usize].incarnation.as_ref();
        !self.ends[call.end.0 as usize].enabled
            || incarnation.is_none_or(|it| it.number != call.incarnation)
            || call.handler_gone
    }

    /// The calls at a server that are cut off and have no poll scheduled, with the arrivals of their
    /// requests. Marks their polls as scheduled.
    pub(crate) fn take_calls_to_poll(&mut self) -> Vec<(CallId, Duration)> {
        let mut polls = Vec::new();
        for slot in 0..self.calls.len() {
            let Some((number, call)) = &self.calls[slot] else {
                continue;
            };
            if call.poll_scheduled || call.request.is_some() || !self.is_cut_off(call) {
                continue;
            }
            polls.push((CallId { slot: position(slot), number: *number }, call.since));
            if let Some((_, call)) = &mut self.calls[slot] {
                call.poll_scheduled = true;
            }
        }
        polls
    }
}

fn position(position: usize) -> u32 {
    u32::try_from(position).expect("fewer than 2^32 end points, servers and calls at a time")
}

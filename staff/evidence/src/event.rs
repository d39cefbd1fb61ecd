//! [`Event`]: an event as a line of the stream has it, and [`Parties`], the servers and clients by name.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::flaw::{Area, Flaw};

/// The most servers, clients and others of a run. The tests of all labs have fewer than a hundred.
const MAX_PARTIES: usize = 10_000;

/// An event, as far as it is checked. Fields that its kind does not have are `None`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Event<'a> {
    pub(super) number: u64,
    pub(super) time_ns: u64,
    pub(super) cause: u64,
    #[serde(borrow)]
    pub(super) at: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) group: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) server: Option<usize>,
    #[serde(default)]
    pub(super) incarnation: Option<u32>,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(default)]
    pub(super) peer: Option<usize>,
    #[serde(borrow, default)]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) step: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) call: Option<u64>,
    #[serde(borrow, default)]
    pub(super) from: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) to: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) bytes: Option<u64>,
    #[serde(borrow, default)]
    pub(super) request: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) content: Option<Value>,
    #[serde(default)]
    pub(super) input: Option<Value>,
    #[serde(default)]
    pub(super) output: Option<Value>,
    /// The party at which it happens; set by [`Parties`].
    #[serde(skip)]
    pub(super) party: PartyId,
}

impl Event<'_> {
    /// A flaw that this event shows.
    pub(super) fn flaw(&self, area: Area, what: impl Into<String>) -> Flaw {
        Flaw::at(area, self.number, what)
    }

    /// A number in its content, under this name.
    pub(super) fn number_in(&self, name: &str) -> Option<u64> {
        self.content.as_ref()?.get(name)?.as_u64()
    }
}

/// The position of a party in [`Parties`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PartyId(pub(super) usize);

/// A party, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Party {
    Server { group: String, server: usize },
    Client(u32),
    Tester,
}

/// The servers and clients of a run, by their names.
#[derive(Debug, Default)]
pub(super) struct Parties {
    ids: HashMap<String, PartyId>,
    all: Vec<Party>,
}

impl Parties {
    /// The party of this name.
    pub(super) fn id(&mut self, name: &str) -> Result<PartyId, Flaw> {
        if let Some(&id) = self.ids.get(name) {
            return Ok(id);
        }
        let party = parse(name).filter(|_| self.all.len() < MAX_PARTIES);
        let party = party.ok_or_else(|| Flaw::new(Area::Form, "it names a party that no run has"))?;
        let id = PartyId(self.all.len());
        self.all.push(party);
        self.ids.insert(name.to_owned(), id);
        Ok(id)
    }

    pub(super) fn get(&self, id: PartyId) -> &Party {
        &self.all[id.0]
    }

    /// Names the party of an event, which its other fields must name, too.
    pub(super) fn name(&mut self, event: &mut Event<'_>) -> Result<(), Flaw> {
        event.party = self.id(&event.at)?;
        let is_named = match self.get(event.party) {
            Party::Server { group, server } => {
                event.group.as_deref() == Some(group)
                    && event.server == Some(*server)
                    && event.incarnation.is_some()
            }
            Party::Client(_) | Party::Tester => event.server.is_none() && event.incarnation.is_none(),
        };
        if is_named { Ok(()) } else { Err(event.flaw(Area::Form, "its fields name different servers")) }
    }
}

fn parse(name: &str) -> Option<Party> {
    if name == "tester" {
        return Some(Party::Tester);
    }
    if let Some(number) = name.strip_prefix("client ") {
        return number.parse().ok().map(Party::Client);
    }
    let (before, server) = name.rsplit_once(' ')?;
    let group = if before == "server" { "" } else { before.strip_suffix(" server")? };
    Some(Party::Server { group: group.to_owned(), server: server.parse().ok()? })
}

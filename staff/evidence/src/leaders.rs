//! [`Leaders`]: at most one server leads in a term.

use std::collections::HashMap;

use super::event::{Event, Parties, Party, PartyId};
use super::flaw::{Area, Flaw};

/// The leaders that servers at rest claim to be.
#[derive(Debug, Default)]
pub(super) struct Leaders {
    /// Of each cluster, by its name, and term.
    of: HashMap<(String, u64), PartyId>,
}

impl Leaders {
    pub(super) fn on(&mut self, event: &Event<'_>, parties: &Parties) -> Result<(), Flaw> {
        let content = event.content.as_ref();
        let term = match &*event.kind {
            "probed" => {
                let leads = content.and_then(|it| it.get("is_leader")?.as_bool()) == Some(true);
                event.number_in("term").filter(|_| leads)
            }
            "state" => {
                let state = content.and_then(|it| it.get("State"));
                let leads = state.and_then(|it| it.get("role")?.as_str()) == Some("Leading");
                state.and_then(|it| it.get("epoch")?.as_u64()).filter(|_| leads)
            }
            _ => None,
        };
        let (Some(term), Party::Server { group, .. }) = (term, parties.get(event.party)) else {
            return Ok(());
        };
        let first = *self.of.entry((group.clone(), term)).or_insert(event.party);
        if first == event.party {
            return Ok(());
        }
        Err(event.flaw(Area::Leaders, format!("two servers lead in term {term}")))
    }

    /// The number of terms in which a server led.
    pub(super) fn count(&self) -> u64 {
        self.of.len() as u64
    }
}

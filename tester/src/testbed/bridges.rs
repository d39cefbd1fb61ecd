//! [`Bridges`]: end points from servers of one cluster to those of another.

use crate::event::{Group, Incarnation};

/// A server, in any incarnation.
type Server = (Group, usize);

/// The end points that lead from one cluster to another. Each works while both of its servers are connected
/// in their clusters.
#[derive(Default)]
pub(super) struct Bridges {
    ends: Vec<Bridge>,
}

#[derive(Clone)]
pub(super) struct Bridge {
    pub name: String,
    pub from: Server,
    pub to: Server,
}

impl Bridges {
    pub fn add(&mut self, name: String, from: Incarnation, to: Server) -> Bridge {
        let bridge = Bridge { name, from: (from.group, from.server), to };
        self.ends.push(bridge.clone());
        bridge
    }

    /// The end points from or to a server.
    pub fn of(&self, server: Server) -> Vec<Bridge> {
        self.ends.iter().filter(|bridge| bridge.from == server || bridge.to == server).cloned().collect()
    }

    /// Removes the end points of a server whose incarnation has ended.
    pub fn take_from(&mut self, server: Server) -> Vec<Bridge> {
        self.ends.extract_if(.., |bridge| bridge.from == server).collect()
    }
}

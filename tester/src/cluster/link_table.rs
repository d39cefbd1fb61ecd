//! [`LinkTable`]: the end points of the servers, and which servers are linked.

use std::collections::BTreeSet;

use crate::event::Incarnation;

/// The end points of the servers, and which servers are linked.
#[derive(Default)]
pub(super) struct LinkTable {
    /// The end points of each server's present incarnation: where each leads, and its name.
    ends: Vec<Vec<(usize, String)>>,
    /// Pairs of servers that can reach each other, the lower number first. A server can be linked to itself.
    linked: BTreeSet<(usize, usize)>,
    /// From one server to another: ways that are cut.
    cut_ways: BTreeSet<(usize, usize)>,
    /// From one server to another: ways on which messages are, or may be, held.
    held_ways: BTreeSet<(usize, usize)>,
}

impl LinkTable {
    /// Adds an end point of `who` to a server. Returns whether the two are linked.
    pub fn add_end(&mut self, who: Incarnation, to: usize, name: String) -> bool {
        let from = who.server;
        self.ends.resize(self.ends.len().max(from + 1), Vec::new());
        self.ends[from].push((to, name));
        self.linked.contains(&(from.min(to), from.max(to)))
    }

    /// Notes that the way from one server to another is cut, or open.
    pub fn note_cut(&mut self, way: (usize, usize), cut: bool) {
        if cut {
            self.cut_ways.insert(way)
        } else {
            self.cut_ways.remove(&way)
        };
    }

    /// Notes that messages are held on the way from one server to another.
    pub fn note_held(&mut self, way: (usize, usize)) {
        self.held_ways.insert(way);
    }

    /// The ways that are cut.
    pub fn cut_ways(&self) -> Vec<(usize, usize)> {
        self.cut_ways.iter().copied().collect()
    }

    /// The ways on which messages are, or may be, held; from now on none is.
    pub fn take_held_ways(&mut self) -> BTreeSet<(usize, usize)> {
        std::mem::take(&mut self.held_ways)
    }

    /// Removes the end points of a server whose incarnation has ended.
    pub fn take_ends(&mut self, server: usize) -> Vec<String> {
        let ends = self.ends.get_mut(server).map(std::mem::take).unwrap_or_default();
        ends.into_iter().map(|(_, name)| name).collect()
    }

    /// The end points from one server to another.
    pub fn between(&self, from: usize, to: usize) -> impl Iterator<Item = &str> {
        let ends = self.ends.get(from).map(Vec::as_slice).unwrap_or_default();
        ends.iter().filter(move |(leads_to, _)| *leads_to == to).map(|(_, name)| name.as_str())
    }

    /// Links two servers, or cuts the link. Returns whether that changes anything.
    pub fn set(&mut self, one: usize, other: usize, linked: bool) -> bool {
        let pair = (one.min(other), one.max(other));
        if linked { self.linked.insert(pair) } else { self.linked.remove(&pair) }
    }
}

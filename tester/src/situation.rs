//! [`Situation`]: a state of a cluster in which mistakes show, and [`Situations`]: those that a run came to.

use std::collections::BTreeSet;

/// A state of a cluster, or an order of events, that a solution must master: `two_candidates`.
///
/// Situations say what a solution was put through. They judge nothing: a correct solution comes to most of
/// them, and a wrong one fails in some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The name, unique in its lab, in snake case: `two_candidates`.
    pub name: &'static str,
    /// What happens, in one sentence without a full stop: `two servers stand for election in the same term`.
    pub text: &'static str,
}

impl Situation {
    /// A situation of this name and sentence.
    #[must_use]
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }
}

/// The situations that a run came to so far.
#[derive(Debug, Default)]
pub(crate) struct Situations {
    names: BTreeSet<&'static str>,
}

impl Situations {
    /// The run has come to this situation, if `holds`.
    #[inline]
    pub(crate) fn add_if(&mut self, holds: bool, situation: &Situation) {
        if holds {
            self.names.insert(situation.name);
        }
    }

    /// The names, in alphabetical order.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.names.iter().copied().collect()
    }
}

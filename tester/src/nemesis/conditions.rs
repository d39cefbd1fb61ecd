//! [`Conditions`]: what the faults that last at a moment do to the network and to the servers.

use std::collections::{BTreeMap, BTreeSet};

/// The conditions that a siege brings about: all that ends by itself when its faults end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Whether the network loses messages.
    pub loss: bool,
    /// Whether replies are late.
    pub late_replies: bool,
    /// Percent of requests that arrive twice, and the most milliseconds until they do.
    pub duplicates: (u32, u64),
    /// The most milliseconds that a save takes.
    pub save_ms: u64,
    /// The most milliseconds that a message takes besides.
    pub delay_ms: u64,
    /// The direct ways between servers that are cut, from the first to the second.
    pub cut: BTreeSet<(usize, usize)>,
    /// Clock rates in percent, of the servers whose clocks are not right.
    pub clocks: BTreeMap<usize, u32>,
}

impl Conditions {
    /// Cuts the way from one server to another.
    pub fn cut_way(&mut self, from: usize, to: usize) {
        if from != to {
            self.cut.insert((from, to));
        }
    }

    /// Cuts both ways between the servers of `side` and the others.
    pub fn cut_off(&mut self, side: &[usize], servers: usize) {
        for &inside in side {
            for outside in (0..servers).filter(|server| !side.contains(server)) {
                self.cut_way(inside, outside);
                self.cut_way(outside, inside);
            }
        }
    }

    /// Whether the way from one server to another is cut.
    pub fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cut.contains(&(from, to))
    }
}

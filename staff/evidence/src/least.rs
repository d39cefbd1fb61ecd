//! [`Least`]: how much there is at least in a run of a test.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::event::Event;
use super::flaw::{Area, Flaw};

/// The amounts by test: a quarter of what all runs of the reference have alike, 3 at most, and 1 of what they
/// have in different amounts. Written by the test `write_least`.
const TABLE: &str = include_str!("least.toml");

/// The kinds of events that are counted: what the test does to servers and asks of them, and what comes of
/// that. Others depend on the solution.
const COUNTED: [&str; 22] = [
    "started",
    "crashed",
    "joined",
    "left",
    "paused",
    "way_cut",
    "link_cut",
    "faults",
    "submitted",
    "applied",
    "executed",
    "executes",
    "returned",
    "operation_ended",
    "acquired",
    "released",
    "decided",
    "delivered",
    "follows",
    "knows",
    "holds",
    "read_answered",
];

/// How much there is of what, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Amounts(pub(super) BTreeMap<&'static str, u64>);

impl Amounts {
    pub(super) fn on(&mut self, event: &Event<'_>) {
        if let Some(kind) = COUNTED.iter().find(|kind| **kind == event.kind) {
            self.add(kind, 1);
        }
    }

    pub(super) fn add(&mut self, name: &'static str, amount: u64) {
        *self.0.entry(name).or_default() += amount;
    }
}

/// How much there is at least in a run of a test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Least(BTreeMap<String, u64>);

impl Least {
    /// What the table has of a test; of one that it does not know, that a server was started.
    pub(super) fn of(test: &str) -> Self {
        Self::known(test).unwrap_or_else(|| Self(BTreeMap::from([("started".to_owned(), 1)])))
    }

    pub(super) fn known(test: &str) -> Option<Self> {
        static PARSED: OnceLock<BTreeMap<String, BTreeMap<String, u64>>> = OnceLock::new();
        let table = PARSED.get_or_init(|| toml_edit::de::from_str(TABLE).unwrap_or_default());
        table.get(test).cloned().map(Self)
    }

    pub(super) fn check(&self, amounts: &Amounts) -> Result<(), Flaw> {
        for (name, least) in &self.0 {
            let seen = amounts.0.get(&**name).copied().unwrap_or_default();
            if seen < *least {
                let name = name.replace('_', " ");
                let text = format!("it has {seen} of \"{name}\", and a run of this test at least {least}");
                return Err(Flaw::new(Area::Least, text));
            }
        }
        Ok(())
    }
}

//! The instances that a server has accepted, from the end of its snapshot on; and the indices of commands.
//!
//! The interface of the labs knows commands only: they have the *indices* 1, 2, 3 … without a gap. Instances
//! are numbered in the same way, but a no-op takes an instance and no index. So an index is the number of
//! commands up to an instance. A server needs it where all earlier instances are known: a leader for
//! everything that it proposes, others for what is chosen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ballot::Ballot;

/// The number of an instance, from 1. 0 is before all.
pub(crate) type Instance = u64;

/// What is chosen in an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Value {
    /// Nothing. It fills a gap: an instance that no leader may leave open, because a later one is in use.
    NoOp,
    /// A command of the service.
    Command(#[serde(with = "labgob::bytes")] Vec<u8>),
}

/// What a server has accepted in an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The highest ballot in which it has accepted something.
    pub(crate) ballot: Ballot,
    pub(crate) value: Value,
}

/// The entries of a server. Up to `chosen` there is no gap.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    base: Base,
    /// All instances up to this one are chosen, and these entries have the values that were.
    chosen: Instance,
    entries: BTreeMap<Instance, Entry>,
    /// The instances after the snapshot that hold no-ops. They are few.
    no_ops: BTreeSet<Instance>,
}

/// The end of the snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Base {
    /// The last instance that it replaces.
    pub(crate) instance: Instance,
    /// The number of commands up to there: the index of the last one.
    pub(crate) index: u64,
    /// The ballot of that instance's entry.
    pub(crate) ballot: Ballot,
}

impl Entries {
    /// The entries after a snapshot: none so far, and all up to `chosen` will be.
    pub(crate) fn after(base: Base) -> Self {
        Self { base, chosen: base.instance, ..Self::default() }
    }

    pub(crate) fn base(&self) -> Base {
        self.base
    }

    pub(crate) fn chosen(&self) -> Instance {
        self.chosen
    }

    /// The last instance in which this server has accepted anything.
    pub(crate) fn last(&self) -> Instance {
        self.entries.last_key_value().map_or(self.base.instance, |(last, _)| *last)
    }

    pub(crate) fn get(&self, instance: Instance) -> Option<&Entry> {
        self.entries.get(&instance)
    }

    /// All entries after an instance.
    pub(crate) fn from(&self, after: Instance) -> impl Iterator<Item = (Instance, &Entry)> {
        self.entries.range(after + 1..).map(|(instance, entry)| (*instance, entry))
    }

    /// Writes an entry, in place of one of an older ballot.
    pub(crate) fn put(&mut self, instance: Instance, entry: Entry) {
        debug_assert!(instance > self.base.instance);
        if entry.value == Value::NoOp {
            self.no_ops.insert(instance);
        } else {
            self.no_ops.remove(&instance);
        }
        self.entries.insert(instance, entry);
    }

    /// The next instance is chosen, too, with the value of its entry.
    pub(crate) fn choose_next(&mut self) {
        self.chosen += 1;
        debug_assert!(self.entries.contains_key(&self.chosen));
    }

    /// The index of the command in an instance: the number of commands up to there.
    pub(crate) fn index_of(&self, instance: Instance) -> u64 {
        let no_ops = self.no_ops.range(..=instance).count() as u64;
        self.base.index + (instance - self.base.instance) - no_ops
    }

    /// The instance of a command that was chosen; `None` if the snapshot holds it.
    pub(crate) fn instance_of(&self, index: u64) -> Option<Instance> {
        let number = index.checked_sub(self.base.index).filter(|number| *number > 0)?;
        let mut instance = self.base.instance + number;
        for no_op in &self.no_ops {
            if *no_op > instance {
                break;
            }
            instance += 1;
        }
        Some(instance)
    }

    /// Drops all entries up to a chosen instance, which a snapshot replaces. Returns the dropped instances.
    pub(crate) fn compact(&mut self, instance: Instance) -> Vec<Instance> {
        let ballot = self.entries[&instance].ballot;
        self.drop_to(Base { instance, index: self.index_of(instance), ballot })
    }

    /// The snapshot of another server replaces all entries up to its end. Those after it stay. Returns the
    /// dropped instances.
    pub(crate) fn drop_to(&mut self, base: Base) -> Vec<Instance> {
        let kept = self.entries.split_off(&(base.instance + 1));
        let dropped = std::mem::replace(&mut self.entries, kept);
        self.no_ops = self.no_ops.split_off(&(base.instance + 1));
        self.base = base;
        self.chosen = self.chosen.max(base.instance);
        dropped.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A snapshot of two instances with one command; then the instances 3 to 8, all of them chosen.
    fn entries() -> Entries {
        let mut entries = Entries::after(Base { instance: 2, index: 1, ballot: Ballot::default() });
        for (instance, is_command) in (3..).zip([false, true, true, false, false, true]) {
            let value = if is_command { Value::Command(vec![0]) } else { Value::NoOp };
            entries.put(instance, Entry { ballot: Ballot { round: instance, node: 0 }, value });
            entries.choose_next();
        }
        entries
    }

    #[test]
    fn no_ops_have_no_index() {
        let entries = entries();
        let indices: Vec<u64> = (2..=8).map(|instance| entries.index_of(instance)).collect();
        assert_eq!(indices, [1, 1, 2, 3, 3, 3, 4]);
        let instances: Vec<_> = (0..=4).map(|index| entries.instance_of(index)).collect();
        assert_eq!(instances, [None, None, Some(4), Some(5), Some(8)]);
    }

    #[test]
    fn indices_stay_when_the_beginning_is_dropped() {
        for end in 3..=8 {
            let mut entries = entries();
            let before: Vec<u64> = (end..=8).map(|instance| entries.index_of(instance)).collect();
            assert_eq!(entries.compact(end), (3..=end).collect::<Vec<_>>());
            let after: Vec<u64> = (end..=8).map(|instance| entries.index_of(instance)).collect();
            assert_eq!((after, entries.base().ballot.round), (before, end), "{end}");
            for index in entries.base().index + 1..=4 {
                let instance = entries.instance_of(index).unwrap();
                assert_eq!(entries.index_of(instance), index);
                assert_ne!(entries.get(instance).unwrap().value, Value::NoOp);
            }
        }
    }

    #[test]
    fn a_command_in_place_of_a_no_op_has_an_index() {
        let mut entries = entries();
        let command = Entry { ballot: Ballot { round: 9, node: 0 }, value: Value::Command(vec![1]) };
        entries.put(7, command);
        assert_eq!((entries.index_of(7), entries.index_of(8)), (4, 5));
    }

    #[test]
    fn a_snapshot_that_ends_later_leaves_nothing() {
        let mut entries = entries();
        let base = Base { instance: 20, index: 9, ballot: Ballot::default() };
        assert_eq!(entries.drop_to(base).len(), 6);
        assert_eq!((entries.chosen(), entries.last(), entries.index_of(20)), (20, 20, 9));
    }
}

//! [`Config`]: which group owns which shard.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of shards.
pub const SHARDS: usize = 12;

/// The prime of the 32-bit FNV-1a hash.
const FNV_PRIME: u32 = 16_777_619;

/// The offset basis of the 32-bit FNV-1a hash.
const FNV_BASIS: u32 = 2_166_136_261;

/// A shard: a part of all keys, with a number below [`SHARDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardId(pub usize);

impl ShardId {
    /// The shard of a key: its 32-bit FNV-1a hash modulo the number of shards.
    #[must_use]
    pub fn of(key: &str) -> Self {
        let hash = key.bytes().fold(FNV_BASIS, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(FNV_PRIME));
        Self(hash as usize % SHARDS)
    }

    /// All shards, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A group of servers, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupId(pub u64);

impl GroupId {
    /// No group: the owner of all shards while there is no group.
    pub const NONE: Self = Self(0);

    /// The group that begins as the owner of all shards.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a configuration, from 1. Zero: before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConfigNum(pub u64);

impl ConfigNum {
    /// The number of the first configuration.
    pub const FIRST: Self = Self(1);

    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for ConfigNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A configuration: the groups, and the owner of each shard.
///
/// Its text (`to_string` and `parse`) is JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Its number.
    pub num: ConfigNum,
    /// The owner of each shard; [`GroupId::NONE`] if there is no group.
    pub owners: [GroupId; SHARDS],
    /// The names of the servers of each group.
    pub groups: BTreeMap<GroupId, Vec<String>>,
}

impl Config {
    /// The group that owns the shard, and the names of its servers; `None` if no group does.
    #[must_use]
    pub fn owner(&self, shard: ShardId) -> Option<(GroupId, &[String])> {
        let group = self.owners[shard.0];
        Some((group, self.groups.get(&group)?))
    }

    /// The next configuration, in which there is one group more; `None` if the group is there already.
    ///
    /// # Panics
    ///
    /// Panics if one of the servers belongs to another group.
    #[must_use]
    pub fn join(&self, group: GroupId, servers: &[String]) -> Option<Self> {
        if self.groups.contains_key(&group) {
            return None;
        }
        for (other, theirs) in &self.groups {
            let shared = theirs.iter().find(|server| servers.contains(server));
            assert!(shared.is_none(), "server {shared:?} of group {group} belongs to group {other}");
        }
        let mut next = self.successor();
        next.groups.insert(group, servers.to_vec());
        next.rebalance();
        Some(next)
    }

    /// The next configuration, in which there is one group less; `None` if the group is not there.
    #[must_use]
    pub fn leave(&self, group: GroupId) -> Option<Self> {
        let mut next = self.successor();
        next.groups.remove(&group)?;
        next.rebalance();
        Some(next)
    }

    fn successor(&self) -> Self {
        Self { num: self.num.next(), ..self.clone() }
    }

    /// Gives every shard an owner, and moves as few as possible so that no group has two more than another.
    /// The same on every machine.
    fn rebalance(&mut self) {
        let mut load: BTreeMap<GroupId, usize> = self.groups.keys().map(|&group| (group, 0)).collect();
        for owner in &self.owners {
            if let Some(load) = load.get_mut(owner) {
                *load += 1;
            }
        }
        let least = |load: &BTreeMap<GroupId, usize>| load.iter().map(|(&id, &n)| (n, id)).min();
        // Of those with the most shards, the first one.
        let most = |load: &BTreeMap<GroupId, usize>| {
            load.iter().map(|(&id, &n)| (n, id)).max_by_key(|&(n, id)| (n, std::cmp::Reverse(id)))
        };

        for owner in &mut self.owners {
            if !load.contains_key(owner) {
                *owner = least(&load).map_or(GroupId::NONE, |(_, group)| group);
                if let Some(load) = load.get_mut(owner) {
                    *load += 1;
                }
            }
        }
        while let (Some((least, to)), Some((most, from))) = (least(&load), most(&load)) {
            if most - least < 2 {
                break;
            }
            let moved = self.owners.iter_mut().find(|owner| **owner == from);
            *moved.expect("the group with the most shards has one") = to;
            load.insert(from, most - 1);
            load.insert(to, least + 1);
        }
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).expect("numbers and strings can be written"))
    }
}

impl FromStr for Config {
    type Err = ParseConfigError;

    fn from_str(text: &str) -> Result<Self, ParseConfigError> {
        serde_json::from_str(text).map_err(|error| ParseConfigError { why: error.to_string() })
    }
}

/// A text is no configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseConfigError {
    why: String,
}

impl fmt::Display for ParseConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is no configuration: {}", self.why)
    }
}

impl std::error::Error for ParseConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn loads(config: &Config) -> Vec<usize> {
        let load = |group: &GroupId| config.owners.iter().filter(|owner| *owner == group).count();
        config.groups.keys().map(load).collect()
    }

    #[test]
    fn keys_have_the_shards_of_the_course() {
        // FNV-1a, 32 bits: published values of the empty string, "a" and "foobar".
        for (key, hash) in [("", 0x811c_9dc5_u32), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(ShardId::of(key), ShardId(hash as usize % SHARDS), "{key}");
        }
    }

    #[test]
    fn loads_differ_by_one_at_most_and_little_moves() {
        let mut config = Config::default();
        for group in 1..=15 {
            let next = config.join(GroupId(group), &servers(&[&format!("s{group}")])).expect("it is new");
            assert_eq!(next.num, config.num.next());
            let (least, most) = (loads(&next).into_iter().min(), loads(&next).into_iter().max());
            assert!(most.unwrap() - least.unwrap() <= 1, "{:?}", loads(&next));
            let moved = config.owners.iter().zip(&next.owners).filter(|(old, new)| old != new);
            assert!(moved.count() <= SHARDS.div_ceil(group as usize), "joining group {group}");
            config = next;
        }
        for group in 1..=15 {
            let next = config.leave(GroupId(group)).expect("it is there");
            assert!(!next.owners.contains(&GroupId(group)));
            let kept = |(old, new): &(&GroupId, &GroupId)| **old != GroupId(group) && old != new;
            let moved = config.owners.iter().zip(&next.owners).filter(kept).count();
            assert!(moved <= 1, "{moved} shards of other groups move when group {group} leaves");
            config = next;
        }
        assert_eq!(config.owners, [GroupId::NONE; SHARDS]);
        assert_eq!(config.owner(ShardId(3)), None);
    }

    #[test]
    fn shards_move_as_in_the_course() {
        let first = Config::default().join(GroupId(1), &servers(&["x", "y", "z"])).expect("it is new");
        assert_eq!(first.owners, [GroupId(1); SHARDS]);
        let second = first.join(GroupId(2), &servers(&["a", "b", "c"])).expect("it is new");
        // The first shards of the group with the most move.
        assert_eq!(second.owners[..6], [GroupId(2); 6]);
        assert_eq!(second.owners[6..], [GroupId(1); 6]);
        assert_eq!(second.owner(ShardId(11)), Some((GroupId(1), &servers(&["x", "y", "z"])[..])));
        assert_eq!(second.join(GroupId(2), &[]), None);
        assert_eq!(second.leave(GroupId(3)), None);
    }

    #[test]
    #[should_panic(expected = "belongs to group 1")]
    fn a_server_belongs_to_one_group() {
        let first = Config::default().join(GroupId(1), &servers(&["x"])).expect("it is new");
        let _ = first.join(GroupId(2), &servers(&["y", "x"]));
    }

    #[test]
    fn a_text_becomes_the_same_configuration() {
        let config = Config::default().join(GroupId(1), &servers(&["x", "y"])).expect("it is new");
        assert_eq!(config.to_string().parse(), Ok(config));
        let error = "{}".parse::<Config>().expect_err("it has no number");
        assert!(error.to_string().contains("missing field `num`"), "{error}");
    }
}

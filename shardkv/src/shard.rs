//! One shard, as a group has it.

use labapi::{ConfigNum, Holding, PutError, Version, Versioned};
use serde::{Deserialize, Serialize};

use crate::messages::{FreezeAnswer, GetAnswer, Keys, Outdated, PutAnswer, PutArgs, StepAnswer, WrongGroup};

/// What the group has of a shard.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shard {
    status: Status,
    /// The highest configuration by which the shard came or went here; zero if it never did.
    num: ConfigNum,
    /// Empty while the shard is absent.
    keys: Keys,
}

/// Whether requests for the shard's keys are done here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    /// The group does not have the shard.
    #[default]
    Absent,
    /// The group owns the shard.
    Serving,
    /// The shard moves to another group, which may serve it already.
    Frozen,
}

/// The keys, for clients.
impl Shard {
    /// The value and version of a key, if it exists.
    pub(crate) fn get(&self, key: &str) -> GetAnswer {
        self.must_serve()?;
        Ok(self.keys.get(key).cloned())
    }

    /// Puts a value if the version is right.
    pub(crate) fn put(&mut self, args: PutArgs) -> PutAnswer {
        self.must_serve()?;
        Ok(match self.keys.get_mut(&args.key) {
            Some(it) if it.version == args.version => {
                it.value = args.value;
                it.version = it.version.next();
                Ok(())
            }
            Some(_) => Err(PutError::Version),
            None if args.version == Version(0) => {
                self.keys.insert(args.key, Versioned { value: args.value, version: Version(1) });
                Ok(())
            }
            None => Err(PutError::NoKey),
        })
    }

    fn must_serve(&self) -> Result<(), WrongGroup> {
        if self.status == Status::Serving { Ok(()) } else { Err(WrongGroup) }
    }
}

/// The steps of a move, for controllers. Each may come again, from the same controller or another one.
impl Shard {
    /// A shard that nobody had before this configuration.
    pub(crate) fn new(num: ConfigNum) -> Self {
        Self { status: Status::Serving, num, keys: Keys::new() }
    }

    /// Stops serving the shard, and gives out its keys.
    ///
    /// If the shard has been deleted since, by the same configuration, there are no keys any more. The new
    /// owner has them, and takes no others.
    pub(crate) fn freeze(&mut self, num: ConfigNum) -> FreezeAnswer {
        if num < self.num {
            return Err(Outdated);
        }
        if self.status == Status::Serving {
            self.status = Status::Frozen;
        }
        self.num = num;
        Ok(self.keys.clone())
    }

    /// Takes the keys and serves the shard.
    ///
    /// A second time it must not: clients may have changed the keys since, or the shard may have moved on.
    pub(crate) fn install(&mut self, keys: Keys, num: ConfigNum) -> StepAnswer {
        if num < self.num {
            return Err(Outdated);
        }
        if num > self.num {
            *self = Self { status: Status::Serving, num, keys };
        }
        Ok(())
    }

    /// Forgets the keys, which another group has.
    pub(crate) fn delete(&mut self, num: ConfigNum) -> StepAnswer {
        if num < self.num {
            return Err(Outdated);
        }
        *self = Self { status: Status::Absent, num, keys: Keys::new() };
        Ok(())
    }

    /// What the tester wants to know.
    pub(crate) fn holding(&self) -> (Holding, ConfigNum) {
        let holding = match self.status {
            Status::Absent => Holding::Absent,
            Status::Serving => Holding::Serving,
            Status::Frozen => Holding::Frozen,
        };
        (holding, self.num)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(shard: &mut Shard, value: &str, version: u64) -> PutAnswer {
        shard.put(PutArgs { key: "k".to_owned(), value: value.to_owned(), version: Version(version) })
    }

    #[test]
    fn a_put_is_done_if_it_knows_the_version() {
        let mut shard = Shard::new(ConfigNum(1));
        assert_eq!(put(&mut shard, "a", 1), Ok(Err(PutError::NoKey)), "no key to replace");
        assert_eq!(put(&mut shard, "a", 0), Ok(Ok(())), "creates it");
        assert_eq!(put(&mut shard, "b", 0), Ok(Err(PutError::Version)), "it is there already");
        assert_eq!(put(&mut shard, "b", 1), Ok(Ok(())));
        assert_eq!(shard.get("k"), Ok(Some(Versioned { value: "b".to_owned(), version: Version(2) })));
        assert_eq!(shard.get("l"), Ok(None));
    }

    #[test]
    fn a_frozen_shard_serves_nobody() {
        let mut shard = Shard::new(ConfigNum(1));
        assert_eq!(put(&mut shard, "a", 0), Ok(Ok(())));
        let keys = shard.freeze(ConfigNum(2)).expect("it is the next configuration");
        assert_eq!((shard.get("k"), put(&mut shard, "b", 1)), (Err(WrongGroup), Err(WrongGroup)));
        assert_eq!(shard.freeze(ConfigNum(2)), Ok(keys.clone()), "the same again");
        assert_eq!(shard.freeze(ConfigNum(1)), Err(Outdated));

        let mut other = Shard::default();
        assert_eq!(other.install(keys.clone(), ConfigNum(2)), Ok(()));
        assert_eq!(put(&mut other, "b", 1), Ok(Ok(())));
        assert_eq!(other.install(keys, ConfigNum(2)), Ok(()), "the same again changes nothing");
        assert_eq!(put(&mut other, "c", 2), Ok(Ok(())));
    }

    #[test]
    fn a_late_controller_changes_nothing() {
        let mut shard = Shard::new(ConfigNum(1));
        assert_eq!(put(&mut shard, "a", 0), Ok(Ok(())));
        let keys = shard.freeze(ConfigNum(2)).expect("it is the next configuration");
        assert_eq!((shard.delete(ConfigNum(2)), shard.delete(ConfigNum(2))), (Ok(()), Ok(())));
        assert_eq!(shard.freeze(ConfigNum(2)), Ok(Keys::new()), "nothing is left");
        assert_eq!(shard.get("k"), Err(WrongGroup));

        // It comes back.
        assert_eq!(shard.install(keys, ConfigNum(3)), Ok(()));
        let late = [
            shard.freeze(ConfigNum(2)).map(drop),
            shard.install(Keys::new(), ConfigNum(2)),
            shard.delete(ConfigNum(2)),
        ];
        assert_eq!(late, [Err(Outdated); 3]);
        assert_eq!(put(&mut shard, "b", 1), Ok(Ok(())));
    }
}

//! The requests to a group, and its answers.

use std::collections::BTreeMap;

use labapi::{ConfigNum, PutError, ShardId, Version, Versioned};
use serde::{Deserialize, Serialize};

/// A request in the log of a group.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Answered by a [`GetAnswer`].
    Get(GetArgs),
    /// Answered by a [`PutAnswer`].
    Put(PutArgs),
    /// Answered by a [`FreezeAnswer`].
    Freeze(FreezeArgs),
    /// Answered by a [`StepAnswer`].
    Install(InstallArgs),
    /// Answered by a [`StepAnswer`].
    Delete(DeleteArgs),
}

/// The value of a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GetArgs {
    pub(crate) key: String,
}

/// Another value for a key, or a new key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PutArgs {
    pub(crate) key: String,
    pub(crate) value: String,
    /// The version that the key has, as far as the client knows; zero if there is no such key.
    pub(crate) version: Version,
}

/// To the old owner: serve the shard no longer, and give out its keys.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FreezeArgs {
    pub(crate) shard: ShardId,
    /// The configuration by which the shard moves.
    pub(crate) num: ConfigNum,
}

/// To the new owner: serve the shard, with these keys.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InstallArgs {
    pub(crate) shard: ShardId,
    pub(crate) keys: Keys,
    /// The configuration by which the shard moves.
    pub(crate) num: ConfigNum,
}

/// To the old owner: the new one has the shard.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteArgs {
    pub(crate) shard: ShardId,
    /// The configuration by which the shard moves.
    pub(crate) num: ConfigNum,
}

/// The keys of a shard that exist. Each has version 1 or more.
///
/// In order, so that the same keys always give the same bytes.
pub(crate) type Keys = BTreeMap<String, Versioned>;

/// The group does not serve the shard of the key. The request was not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrongGroup;

/// The shard has been moved by a later configuration. The step was not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outdated;

/// The answer to [`GetArgs`]: `None` if there is no such key.
pub(crate) type GetAnswer = Result<Option<Versioned>, WrongGroup>;

/// The answer to [`PutArgs`].
pub(crate) type PutAnswer = Result<Result<(), PutError>, WrongGroup>;

/// The answer to [`FreezeArgs`].
pub(crate) type FreezeAnswer = Result<Keys, Outdated>;

/// The answer to [`InstallArgs`] and [`DeleteArgs`].
pub(crate) type StepAnswer = Result<(), Outdated>;

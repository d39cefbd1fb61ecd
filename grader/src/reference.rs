//! [`Reference`]: which of the reference solutions is edited.

use serde::Deserialize;

use crate::submission::folder_of;

/// A reference solution: a crate of the workspace, and the tests that it is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reference {
    /// Lab 3.
    #[default]
    Raft,
    /// Lab 2.
    KvSrv,
    /// Lab 4, which runs on the reference's Raft.
    KvRaft,
    /// The Bully algorithm.
    Bully,
}

impl Reference {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Raft, Self::KvSrv, Self::KvRaft, Self::Bully];

    /// The name of the crate.
    #[must_use]
    pub fn krate(self) -> &'static str {
        match self {
            Self::Raft => "raft",
            Self::KvSrv => "kvsrv",
            Self::KvRaft => "kvraft",
            Self::Bully => "bully",
        }
    }

    /// The folder of the crate in the workspace.
    #[must_use]
    pub fn folder(self) -> &'static str {
        folder_of(self.krate())
    }

    /// The parts of the labs whose tests run it.
    #[must_use]
    pub fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Raft => &["3A", "3B", "3C", "3D"],
            Self::KvSrv => &["2A", "2B"],
            Self::KvRaft => &["4A", "4B", "4C"],
            Self::Bully => &["B1"],
        }
    }

    /// The reference without edits, when it is built as the others are.
    #[must_use]
    pub fn copy(self) -> &'static str {
        match self {
            Self::Raft => "copy_of_the_reference",
            Self::KvSrv => "copy_of_kvsrv",
            Self::KvRaft => "copy_of_kvraft",
            Self::Bully => "copy_of_bully",
        }
    }
}

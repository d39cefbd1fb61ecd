//! [`Solution`]: what the tester is handed.

use crate::{KvRaft, KvSrv, MakeBully, MakeRaft};

/// A solution that can be tested, under a name that `lab test --solution` takes. It need not have all parts.
#[derive(Clone, Copy)]
pub struct Solution {
    /// Short and in lower case, such as `raft`.
    pub name: &'static str,
    /// Makes a Raft peer of this solution: lab 3, and what lab 4 stands on.
    pub make_raft: Option<MakeRaft>,
    /// Lab 2.
    pub kvsrv: Option<KvSrv>,
    /// Lab 4, on any Raft.
    pub kvraft: Option<KvRaft>,
    /// Makes a node of the Bully algorithm.
    pub bully: Option<MakeBully>,
}

impl Solution {
    /// A solution that has nothing yet.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, make_raft: None, kvsrv: None, kvraft: None, bully: None }
    }

    /// The same solution with this Raft.
    #[must_use]
    pub const fn with_raft(self, make_raft: MakeRaft) -> Self {
        Self { make_raft: Some(make_raft), ..self }
    }

    /// The same solution with this server of lab 2.
    #[must_use]
    pub const fn with_kvsrv(self, kvsrv: KvSrv) -> Self {
        Self { kvsrv: Some(kvsrv), ..self }
    }

    /// The same solution with this key/value service over Raft.
    #[must_use]
    pub const fn with_kvraft(self, kvraft: KvRaft) -> Self {
        Self { kvraft: Some(kvraft), ..self }
    }

    /// The same solution with this Bully algorithm.
    #[must_use]
    pub const fn with_bully(self, bully: MakeBully) -> Self {
        Self { bully: Some(bully), ..self }
    }
}

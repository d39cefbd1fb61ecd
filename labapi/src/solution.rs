//! [`Solution`]: the implementations of labs that the tester is handed.

use std::any::Any;

use crate::{KvRaft, KvSrv, MakeBully, MakeRaft, MakeZab, Paxos};

/// A solution that can be tested, under a name that `lab test --solution` takes. It need not have all labs.
///
/// The crate of a lab exports a constant `SOLUTION`, whose type stands in the lab's file of this crate. A
/// solution names those constants by lab:
///
/// ```
/// # use labapi::Solution;
/// # mod echo { pub const SOLUTION: fn(u32) -> u32 = |number| number; }
/// const ALL: Solution = Solution::new("mine").with(&[("echo", &echo::SOLUTION)]);
/// let echo: &fn(u32) -> u32 = ALL.export("echo").expect("it is named above");
/// assert_eq!(echo(7), 7);
/// ```
#[derive(Clone, Copy)]
pub struct Solution {
    /// Short and in lower case, such as `reference`.
    pub name: &'static str,
    /// Makes a Raft peer, where it is not exported under `raft`; see [`raft`](Self::raft).
    pub make_raft: Option<MakeRaft>,
    /// Lab 2, where it is not exported under `kvsrv`; see [`key_value_server`](Self::key_value_server).
    pub kvsrv: Option<KvSrv>,
    /// Lab 4, where it is not exported under `kvraft`; see [`key_value_on_raft`](Self::key_value_on_raft).
    pub kvraft: Option<KvRaft>,
    /// Makes a node of the Bully algorithm, where it is not exported under `bully`; see
    /// [`bully_node`](Self::bully_node).
    pub bully: Option<MakeBully>,
    exports: &'static [Export],
}

/// The name of a lab's crate, and the constant `SOLUTION` that the crate exports.
pub type Export = (&'static str, &'static (dyn Any + Sync));

impl Solution {
    /// A solution that has nothing yet.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, make_raft: None, kvsrv: None, kvraft: None, bully: None, exports: &[] }
    }

    /// The same solution with these labs, in the place of those that it was given by an earlier call.
    #[must_use]
    pub const fn with(self, exports: &'static [Export]) -> Self {
        Self { exports, ..self }
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

    /// The constant of the lab whose crate has this name; `None` if the solution does not have the lab.
    ///
    /// # Panics
    ///
    /// Panics when the constant is there and has another type.
    #[must_use]
    #[track_caller]
    pub fn export<T: Any>(&self, lab: &str) -> Option<&'static T> {
        let (_, export) = self.exports.iter().find(|(name, _)| *name == lab)?;
        let export: &'static dyn Any = *export;
        let typed = export.downcast_ref();
        assert!(typed.is_some(), "`{lab}::SOLUTION` is no {}", std::any::type_name::<T>());
        typed
    }

    /// Makes a Raft peer of this solution: lab 3, and the log under lab 4.
    #[must_use]
    pub fn raft(&self) -> Option<MakeRaft> {
        self.make_raft.or_else(|| self.export::<Self>("raft")?.make_raft)
    }

    /// The key/value server of this solution, and the lock on it: lab 2.
    #[must_use]
    pub fn key_value_server(&self) -> Option<KvSrv> {
        self.kvsrv.or_else(|| self.export("kvsrv").copied())
    }

    /// The key/value service of this solution, on any Raft: lab 4.
    #[must_use]
    pub fn key_value_on_raft(&self) -> Option<KvRaft> {
        self.kvraft.or_else(|| self.export("kvraft").copied())
    }

    /// Makes a node of the Bully algorithm.
    #[must_use]
    pub fn bully_node(&self) -> Option<MakeBully> {
        self.bully.or_else(|| self.export::<Self>("bully")?.bully)
    }

    /// The Paxos of this solution: nodes that agree on single values, and a replicated log.
    #[must_use]
    pub fn paxos(&self) -> Option<Paxos> {
        self.export("paxos").copied()
    }

    /// Makes a server of Zab.
    #[must_use]
    pub fn zab(&self) -> Option<MakeZab> {
        self.export("zab").copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECHO: u32 = 7;
    const RAFT: Solution = Solution::new("raft");
    const BOTH: Solution = Solution::new("both").with(&[("echo", &ECHO), ("raft", &RAFT)]);

    #[test]
    fn labs_are_found_by_name() {
        assert_eq!(BOTH.export("echo"), Some(&7_u32));
        assert_eq!(BOTH.export::<u32>("kvraft"), None);
        assert!(BOTH.export::<Solution>("raft").is_some_and(|raft| raft.name == "raft"));
        assert!(BOTH.raft().is_none(), "that crate exports no Raft");
    }

    #[test]
    #[should_panic(expected = "`echo::SOLUTION` is no bool")]
    fn another_type_is_a_mistake() {
        let _ = BOTH.export::<bool>("echo");
    }
}

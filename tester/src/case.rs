//! [`Case`]: a test under its name, and [`cases`], all of them in the course's order.

use std::fmt;
use std::sync::LazyLock;

use crate::cluster::Cluster;
use crate::kvraft::KvServers;
use crate::kvsrv::KvServer;
use crate::released::RELEASED;
use crate::rsm::Counters;
use crate::{kvraft, kvsrv, raft};

/// A test: what it is called, what it is worth, what it runs on, and what it does.
#[derive(Clone, Copy)]
pub struct Case {
    /// The course's name in snake case, with the part as suffix: `backup_3b`.
    pub name: &'static str,
    /// The part of the lab, such as `3B`.
    pub part: &'static str,
    /// What the course prints when the test begins: `Test (3B): basic agreement`.
    pub title: &'static str,
    /// What passing is worth. The course publishes no points; ours sum to 15 for 2A and 2B each, to 20, 30, 25 and 25 for
    /// 3A to 3D, and to 30, 40 and 30 for 4A to 4C.
    pub points: u32,
    /// Number of servers.
    pub servers: usize,
    /// Whether the network is reliable when the test begins.
    pub reliable: bool,
    /// How the servers of the test come to take snapshots.
    pub snapshots: Snapshots,
    /// The test itself. It returns if the solution passed, and fails the run otherwise.
    pub body: Body,
}

/// How the servers of a test come to take snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshots {
    /// They take none.
    Never,
    /// The service on each server hands its Raft one after every tenth command.
    EveryTenCommands,
    /// The replica takes one when its Raft has saved about this many bytes.
    Above(usize),
}

/// What a test does, to what.
#[derive(Clone, Copy)]
pub enum Body {
    /// To Raft peers.
    Raft(fn(&Cluster)),
    /// To the single key/value server.
    KvSrv(fn(&Cluster<KvServer>)),
    /// To replicas of a counter.
    Rsm(fn(&Cluster<Counters>)),
    /// To key/value servers over Raft.
    KvRaft(fn(&Cluster<KvServers>)),
}

impl Case {
    /// A test worth one point, of three servers on a reliable network, without snapshots.
    #[must_use]
    pub const fn new(name: &'static str, part: &'static str, title: &'static str, body: Body) -> Self {
        Self { name, part, title, points: 1, servers: 3, reliable: true, snapshots: Snapshots::Never, body }
    }

    /// A test of Raft peers; see [`new`](Self::new).
    #[must_use]
    pub const fn raft(
        name: &'static str,
        part: &'static str,
        title: &'static str,
        body: fn(&Cluster),
    ) -> Self {
        Self::new(name, part, title, Body::Raft(body))
    }

    /// The same test, worth `points`.
    #[must_use]
    pub const fn points(self, points: u32) -> Self {
        Self { points, ..self }
    }

    /// The same test on another number of servers.
    #[must_use]
    pub const fn servers(self, servers: usize) -> Self {
        Self { servers, ..self }
    }

    /// The same test on a network that delays messages and loses one in ten, requests and replies
    /// alike.
    #[must_use]
    pub const fn unreliable(self) -> Self {
        Self { reliable: false, ..self }
    }

    /// The same test with a service that takes a snapshot after every tenth command.
    #[must_use]
    pub const fn with_snapshots(self) -> Self {
        Self { snapshots: Snapshots::EveryTenCommands, ..self }
    }

    /// The same test with replicas that take a snapshot when their Raft has saved about this many bytes.
    #[must_use]
    pub const fn max_raft_state(self, bytes: usize) -> Self {
        Self { snapshots: Snapshots::Above(bytes), ..self }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

/// All tests of the parts that are released, in the course's order.
#[must_use]
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let mut cases = [kvsrv::cases(), raft::cases(), kvraft::cases()].concat();
        cases.retain(|case| RELEASED.contains(&case.part));
        cases
    });
    &CASES
}

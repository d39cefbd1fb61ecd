//! [`Case`]: a test under its name, and [`cases`], all of them in the course's order.

use std::fmt;
use std::sync::LazyLock;

use crate::cluster::Cluster;
use crate::raft;

/// A test: what it is called, what it is worth, what it runs on, and what it does.
#[derive(Clone, Copy)]
pub struct Case {
    /// The course's name in snake case, with the part as suffix: `backup_3b`.
    pub name: &'static str,
    /// The part of the lab, such as `3B`.
    pub part: &'static str,
    /// What the course prints when the test begins: `Test (3B): basic agreement`.
    pub title: &'static str,
    /// What passing is worth. The course publishes no points; ours sum to 20, 30, 25 and 25 for
    /// the parts 3A to 3D.
    pub points: u32,
    /// Number of servers.
    pub servers: usize,
    /// Whether the network is reliable when the test begins.
    pub reliable: bool,
    /// Whether the service on each server hands its Raft a snapshot after every tenth command.
    pub snapshots: bool,
    /// The test itself. It returns if the solution passed, and fails the run otherwise.
    pub body: fn(&Cluster),
}

impl Case {
    /// A test worth one point, of three servers on a reliable network, without snapshots.
    #[must_use]
    pub const fn new(
        name: &'static str,
        part: &'static str,
        title: &'static str,
        body: fn(&Cluster),
    ) -> Self {
        Self { name, part, title, points: 1, servers: 3, reliable: true, snapshots: false, body }
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

    /// The same test with a service that takes snapshots.
    #[must_use]
    pub const fn with_snapshots(self) -> Self {
        Self { snapshots: true, ..self }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

/// All tests, in the course's order.
#[must_use]
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(raft::cases);
    &CASES
}

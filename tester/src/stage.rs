//! [`Stage`]: where a test is played.

use std::sync::Arc;

use labapi::Solution;
use labrt::world::FailureKind;

use crate::Cluster;
use crate::nemesis::FaultPlan;
use crate::protocol::Protocol;
use crate::testbed::Testbed;

/// The place where a test is played, and its solution.
pub struct Stage<'a> {
    pub(crate) testbed: &'a Arc<Testbed>,
    pub(crate) solution: &'a Solution,
    pub(crate) servers: usize,
    pub(crate) reliable: bool,
    pub(crate) snapshots: Snapshots,
    pub(crate) plan: Option<&'a FaultPlan>,
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

impl Stage<'_> {
    /// The solution under test.
    #[must_use]
    pub fn solution(&self) -> &Solution {
        self.solution
    }

    /// The number of servers that the test begins with.
    #[must_use]
    pub fn servers(&self) -> usize {
        self.servers
    }

    /// How the servers come to take snapshots.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        self.snapshots
    }

    /// Whether the network is reliable when the test begins.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.reliable
    }

    /// The fault plan that the test plays.
    ///
    /// # Panics
    ///
    /// Panics if the case is not [besieged](crate::Case::besieged).
    #[must_use]
    pub fn plan(&self) -> &FaultPlan {
        self.plan.expect("the case has a family of fault plans")
    }

    /// About how many bytes of state may be saved before a snapshot has to make them fewer; `None`: no limit.
    #[must_use]
    pub fn max_raft_state(&self) -> Option<usize> {
        match self.snapshots {
            Snapshots::Above(bytes) => Some(bytes),
            Snapshots::Never | Snapshots::EveryTenCommands => None,
        }
    }

    /// The part of the solution that this test needs. Ends the run if it is missing.
    pub fn expect<T>(&self, part: Option<T>, what: &str) -> T {
        if part.is_none() {
            let message = format!("the solution has no {what} to run this test on");
            self.testbed.world.fail(FailureKind::NotImplemented, message);
        }
        part.expect("a run that has failed is over")
    }

    /// Starts the test's servers, has `body` do something to them, and takes them down.
    pub fn play<P: Protocol>(&self, protocol: P, body: impl FnOnce(&Cluster<P>)) {
        self.play_on(self.servers, protocol, body);
    }

    /// The same, with so many servers: the test has [a number of servers](Self::servers) for other clusters.
    pub fn play_on<P: Protocol>(&self, servers: usize, protocol: P, body: impl FnOnce(&Cluster<P>)) {
        let cluster = Cluster::start(self.testbed, "", protocol, servers);
        self.testbed.begin(self.reliable, P::LONG_DELAYS);
        body(&cluster);
        self.testbed.end();
    }
}

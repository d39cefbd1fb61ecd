//! [`Stage`]: where a test is played.

use std::sync::Arc;

use labapi::Solution;
use labrt::world::FailureKind;

use crate::case::Snapshots;
use crate::linearizability::Budget;
use crate::protocol::Protocol;
use crate::testbed::Testbed;
use crate::{Case, Cluster};

/// Where a test is played, and what with.
pub struct Stage<'a> {
    pub(crate) testbed: &'a Arc<Testbed>,
    pub(crate) case: &'a Case,
    pub(crate) solution: &'a Solution,
    pub(crate) budget: Budget,
}

impl Stage<'_> {
    /// The test.
    #[must_use]
    pub fn case(&self) -> &Case {
        self.case
    }

    /// What is tested.
    #[must_use]
    pub fn solution(&self) -> &Solution {
        self.solution
    }

    /// What a verdict on whether a history is linearizable may cost.
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// About how many bytes of state may be saved before a snapshot has to make them fewer; `None`: no limit.
    #[must_use]
    pub fn max_raft_state(&self) -> Option<usize> {
        match self.case.snapshots {
            Snapshots::Above(bytes) => Some(bytes),
            Snapshots::Never | Snapshots::EveryTenCommands => None,
        }
    }

    /// What the solution should have for this test. Ends the run if it has not.
    pub fn expect<T>(&self, part: Option<T>, what: &str) -> T {
        if part.is_none() {
            let message = format!("the solution has no {what} to run this test on");
            self.testbed.world.fail(FailureKind::NotImplemented, message);
        }
        part.expect("a run that has failed is over")
    }

    /// Starts the test's servers, has `body` do something to them, and takes them down.
    pub fn play<P: Protocol>(&self, protocol: P, body: impl FnOnce(&Cluster<P>)) {
        let cluster = Cluster::start(self.testbed, "", protocol, self.case.servers);
        self.testbed.begin(self.case.reliable, P::LONG_DELAYS);
        body(&cluster);
        self.testbed.end();
    }
}

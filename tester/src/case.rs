//! [`Case`]: a test under its name.

use std::fmt;
use std::sync::Arc;

use crate::nemesis::{Family, FaultPlan};
use crate::stage::{Snapshots, Stage};

/// A test: what it is called, what it is worth, what it runs on, and what it does.
#[derive(Clone)]
pub struct Case {
    /// The course's name in snake case, with the part as suffix: `backup_3b`.
    pub name: &'static str,
    /// The part of the lab, such as `3B`.
    pub part: &'static str,
    /// The line that the course prints when the test begins: `Test (3B): basic agreement`.
    pub title: &'static str,
    /// Points for a pass. The course publishes no points; ours sum to 15 for 2A and 2B each, to 20, 30, 25
    /// and 25 for 3A to 3D, to 30, 40 and 30 for 4A to 4C, to 40, 20 and 40 for 5A to 5C, to 40 and 30 for 4P
    /// and 4Q, to 30 for B1, to 39 and 44 for P1 and P2, to 40, 25, 30 and 25 for 3E to 3H, to 8, 9, 9, 12
    /// and 10 for B2 to B6, and to 20, 40 and 40 for Z1 to Z3; besides, to 10, 64, 24, 26, 4, 6, 6, 24, 12
    /// and 12 for 2X, 3X, 4X, 5X, B1X, P1X, P2X, 3HX, B2X and ZX.
    pub points: u32,
    /// Number of servers.
    pub servers: usize,
    /// Whether the network is reliable when the test begins.
    pub reliable: bool,
    /// How the servers of the test come to take snapshots.
    pub snapshots: Snapshots,
    /// Whether a broken [rule](crate::Rule) fails the run; the run is watched for it.
    pub adversarial: bool,
    /// The fault plans that the test plays, if it plays one.
    pub family: Option<&'static Family>,
    /// The crates of a solution that it runs: the one that it tests comes last, what that stands on before.
    pub needs: &'static [&'static str],
    /// Starts the servers and plays the test. It returns if the solution passed, and fails the run otherwise.
    pub(crate) play: Arc<Play>,
}

/// The body of a test, from the start of its servers on.
pub(crate) type Play = dyn Fn(&Stage<'_>) + Send + Sync;

impl Case {
    /// A test worth one point, of three servers on a reliable network, without snapshots. `needs` are the
    /// crates of a solution that it runs; `play` starts the servers and does something to them, see
    /// [`Stage::play`].
    #[must_use]
    pub fn new(
        name: &'static str,
        part: &'static str,
        title: &'static str,
        needs: &'static [&'static str],
        play: impl Fn(&Stage<'_>) + Send + Sync + 'static,
    ) -> Self {
        let (points, servers, reliable, snapshots) = (1, 3, true, Snapshots::Never);
        let (adversarial, family, play) = (false, None, Arc::new(play));
        Self { name, part, title, points, servers, reliable, snapshots, adversarial, family, needs, play }
    }

    /// The same test, worth `points`.
    #[must_use]
    pub fn points(self, points: u32) -> Self {
        Self { points, ..self }
    }

    /// The same test on another number of servers.
    #[must_use]
    pub fn servers(self, servers: usize) -> Self {
        Self { servers, ..self }
    }

    /// The same test on a network that delays messages and loses one in ten, requests and replies
    /// alike.
    #[must_use]
    pub fn unreliable(self) -> Self {
        Self { reliable: false, ..self }
    }

    /// The same test, which a broken [rule](crate::Rule) fails, too.
    #[must_use]
    pub fn adversarial(self) -> Self {
        Self { adversarial: true, ..self }
    }

    /// The same test, [adversarial](Self::adversarial), with a fault plan of this family for each seed: see
    /// [`Stage::plan`].
    #[must_use]
    pub fn besieged(self, family: &'static Family) -> Self {
        Self { adversarial: true, family: Some(family), ..self }
    }

    /// The fault plan of a seed; `None` if the test plays none.
    #[must_use]
    pub fn plan(&self, seed: u64) -> Option<FaultPlan> {
        self.family.map(|family| family.plan(self.name, seed))
    }

    /// The fault plan of a run in lines for people: a title, and then its first `most` faults in the order of
    /// their beginnings. `given` is the plan that the run played instead of the one that the seed draws.
    /// There are no lines if the test plays no plan.
    #[must_use]
    pub fn plan_lines(&self, seed: u64, given: Option<&FaultPlan>, most: usize) -> Vec<String> {
        let Some(drawn) = self.plan(seed) else { return Vec::new() };
        let faults = |plan: &FaultPlan| match plan.faults.len() {
            1 => "1 fault".to_owned(),
            number => format!("{number} faults"),
        };
        let title = match given {
            None => format!("the fault plan of this seed ({}):", faults(&drawn)),
            Some(given) => {
                format!("the fault plan ({}; this seed draws {}):", faults(given), drawn.faults.len())
            }
        };
        let lines = given.unwrap_or(&drawn).lines(most).into_iter().map(|line| format!("  {line}"));
        std::iter::once(title).chain(lines).collect()
    }

    /// The same test with a service that takes a snapshot after every tenth command.
    #[must_use]
    pub fn with_snapshots(self) -> Self {
        Self { snapshots: Snapshots::EveryTenCommands, ..self }
    }

    /// The same test with replicas that take a snapshot when their Raft has saved about this many bytes.
    #[must_use]
    pub fn max_raft_state(self, bytes: usize) -> Self {
        Self { snapshots: Snapshots::Above(bytes), ..self }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

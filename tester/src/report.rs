//! [`Report`]: the result of one run of one test.

use std::sync::Arc;

use labrt::world::{Failure, LONGEST_MESSAGE, truncated};
use serde::{Deserialize, Serialize};

use crate::backtrace::shorten;
use crate::event::Recording;
use crate::explanation;
use crate::nemesis::FaultPlan;
use crate::rule::BrokenRule;
use crate::{Case, run};

/// One run of one test: the verdict, and the figures that the course prints.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Report {
    /// Name of the test, such as `backup_3b`.
    pub test: String,
    /// The seed that decides everything that happened in the run.
    pub seed: u64,
    /// The reason why the run failed; `None` if it passed.
    pub failure: Option<ReportedFailure>,
    /// A hash over every decision and message of the run: the same source and the same seed give the same
    /// one. 0 if it is not known; see [`labrt::world::Run::fingerprint`].
    pub fingerprint: u64,
    /// Whether the network was reliable when the test began.
    pub reliable: bool,
    /// Number of servers.
    pub peers: usize,
    /// The fault plan that the test played, if it plays one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<FaultPlan>,
    /// Virtual seconds from the moment when all servers had been started until the end of the test.
    pub virtual_seconds: f64,
    /// Processor seconds that the simulation took.
    pub cpu_seconds: f64,
    /// RPCs sent during the test, including those that did not arrive.
    pub rpcs: u64,
    /// Encoded bytes of arguments sent and of replies received during the test.
    pub bytes: u64,
    /// Commands committed during the test: the highest log index that any server applied.
    pub commands: u64,
    /// Operations that clients began during the test; 0 in the Raft tests, which have no clients.
    #[serde(default)]
    pub operations: u64,
    /// Observations that are suspicious without being a failure.
    pub warnings: Vec<String>,
    /// The rules that were broken, in the order of the events that show it; those of progress come last. Of
    /// a run that was watched or recorded.
    #[serde(default)]
    pub broken: Vec<BrokenRule>,
    /// What the analyses could not see, so that rules were silent.
    #[serde(default)]
    pub unseen: Vec<String>,
    /// Whether analyses looked for broken rules: the run was watched or recorded, and its lab has some.
    #[serde(default)]
    pub analysed: bool,
    /// The names of the [situations](crate::Situation) that the run came to, in alphabetical order. Of a run
    /// that was watched or recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub situations: Vec<String>,
    /// The events of the run, if [they were kept](crate::Detail::is_kept). It is not serialized.
    #[serde(skip)]
    pub recording: Option<Arc<Recording>>,
    /// The log's lines, stamped with time, server and thread; empty unless the run was recorded.
    pub log: Vec<String>,
}

impl Report {
    /// Whether the run passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }

    /// The fault plan that the run of `case` played, if it is not the one that the seed draws.
    #[must_use]
    pub fn given_plan(&self, case: &Case) -> Option<&FaultPlan> {
        self.plan.as_ref().filter(|plan| case.plan(self.seed).as_ref() != Some(plan))
    }

    /// The same report, with the rules that were broken when the run was repeated, watched. They are left out
    /// if that was another run: the machine decided where one of the two ended.
    #[must_use]
    pub fn explained_by(self, again: Self) -> Self {
        if again.fingerprint != self.fingerprint {
            return self;
        }
        let Self { broken, unseen, analysed, situations, .. } = again;
        Self { broken, unseen, analysed, situations, ..self }
    }

    /// Whether the run can be repeated in the same process: it has left no thread behind, and the machine did
    /// not decide where it ended.
    #[must_use]
    pub fn can_be_repeated(&self) -> bool {
        let leaves_nothing = |failure: &ReportedFailure| run::leaves_nothing(&failure.kind);
        self.fingerprint != 0 && self.failure.as_ref().is_none_or(leaves_nothing)
    }

    /// The rule that explains the failure, see [`Explanation::Cause`](crate::Explanation::Cause). `None` if
    /// the failure explains itself.
    #[must_use]
    pub fn headline(&self) -> Option<&BrokenRule> {
        let failure = self.failure.as_ref().filter(|failure| !explanation::is_exact(failure))?;
        explanation::first(failure, &self.broken)
    }
}

/// The reason why a run failed, the place and the time.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct ReportedFailure {
    /// The kind's name, such as `assertion` or `not_implemented`; see [`labrt::world::FailureKind`].
    pub kind: String,
    /// The expectation and the observation.
    pub message: String,
    /// Virtual seconds since the start of the simulation.
    pub at_seconds: f64,
    /// The node whose thread failed: `tester`, or a server such as `server 2`.
    pub node: String,
    /// The thread that failed.
    pub thread: String,
    /// Source position, as `file:line:column`, if there is one to show.
    pub location: Option<String>,
    /// The backtrace of a panic: the solution's own frames. Only of a recorded run.
    pub backtrace: Option<String>,
}

/// The most bytes that are kept of a thread's name.
const LONGEST_NAME: usize = 256;

impl From<Failure> for ReportedFailure {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind.to_string(),
            message: truncated(failure.message, LONGEST_MESSAGE),
            at_seconds: failure.at.as_secs_f64(),
            node: failure.node,
            thread: truncated(failure.thread, LONGEST_NAME),
            location: failure.location,
            backtrace: failure.backtrace.as_deref().map(shorten),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use labrt::world::FailureKind;

    use super::*;

    #[test]
    fn long_texts_are_shortened() {
        let failure = Failure {
            kind: FailureKind::Panic,
            message: format!("the beginning {}", "ä".repeat(1 << 20)),
            at: Duration::ZERO,
            node: "server 1".to_owned(),
            thread: "x".repeat(1 << 20),
            location: None,
            backtrace: None,
            from_outside: false,
        };
        let reported = ReportedFailure::from(failure);
        assert!(reported.message.starts_with("the beginning ä") && reported.message.ends_with("bytes more"));
        assert!(reported.message.len() < LONGEST_MESSAGE + 100 && reported.thread.len() < LONGEST_NAME + 100);
    }
}

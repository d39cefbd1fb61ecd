//! [`run()`]: one test, once, in one simulation.

use std::sync::Arc;
use std::time::Duration;

use labapi::Solution;
use labrt::world::{self, Backend, FailureKind, LONGEST_MESSAGE, Options, Policy, Tap, truncated};
use parking_lot::Mutex;

use crate::event::{Conclusion, Recording};
use crate::meter::Meter;
use crate::nemesis::FaultPlan;
use crate::stage::Stage;
use crate::testbed::{TIME_LIMIT, Testbed};
use crate::{Case, Detail, Report, ReportedFailure, labs};

/// The options of a run, besides the test and the solution.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The backend: a simulation, or real threads in real time.
    pub backend: Backend,
    /// The seed, which decides every interleaving, delay, loss and crash.
    pub seed: u64,
    /// The scheduling policy.
    pub policy: Policy,
    /// Whether the report carries the log. Recording changes nothing else. A run on real threads cannot be
    /// repeated for its log, so it is always recorded, and the report carries the log if the run failed.
    pub record: bool,
    /// The events that invariants receive, and whether they are kept. It changes nothing else.
    pub detail: Detail,
    /// Whether a broken [rule](crate::Rule) fails the run. Only in watched and recorded runs are rules
    /// observed.
    pub strict: bool,
    /// The time for which a run may go on without a call of labrt; see [`Options::stall_timeout`].
    pub patience: Duration,
    /// The limit of processor time; see [`Options::max_cpu_time`].
    pub max_cpu_time: Duration,
    /// Takes the lines of the log as they are written, when a simulation is recorded; the report has none
    /// then.
    pub tap: Option<Tap>,
    /// The fault plan, instead of the one that the seed draws. Only for tests that play one.
    pub plan: Option<Arc<FaultPlan>>,
}

impl RunOptions {
    /// A simulated run of this seed, under the default policy and not recorded.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            backend: Backend::Simulation,
            seed,
            policy: Policy::default(),
            record: false,
            detail: Detail::Bare,
            strict: false,
            patience: Options::new(seed).stall_timeout,
            max_cpu_time: CPU_LIMIT,
            tap: None,
            plan: None,
        }
    }

    /// The detail of a run of this test: rules are verdicts in adversarial ones, so these are watched.
    #[must_use]
    pub fn detail_of(&self, case: &Case) -> Detail {
        match self.detail {
            Detail::Bare if case.adversarial => Detail::Watched,
            Detail::Outlined if case.adversarial => Detail::WatchedAndOutlined,
            detail => detail,
        }
    }

    /// The same run again, with its log.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self { record: true, ..self }
    }
}

/// The limit of processor time unless another one is given: several hundred times as much as the longest run
/// of a correct solution.
pub const CPU_LIMIT: Duration = Duration::from_secs(60);

/// The time for the servers to be started before a test begins, and taken down after its end.
pub(crate) const MARGIN: Duration = Duration::from_secs(30);

/// The mean number of scheduling points from one preemption to the next: often enough that races with the
/// next message are found, and seldom enough that a solution that sends much is not flagged for it (see
/// `docs/differences.md`).
pub(crate) const PREEMPT_EVERY: u32 = 100;

/// Held by a run on real threads. The tests measure time: two at once would delay each other.
static TURN: Mutex<()> = Mutex::new(());

/// Runs a test against a solution: in a simulation on an OS thread of its own, or on real threads, one run at
/// a time.
///
/// Any failure of the solution ends up in the report: a failed expectation, a panic or a deadlock in any
/// thread, a test that does not end.
#[must_use]
pub fn run(case: &'static Case, solution: &Solution, options: &RunOptions) -> Report {
    world::name_lab_folders(labs().iter().map(|lab| lab.folder));
    let meter = Arc::new(Meter::default());
    let threads = options.backend == Backend::Threads;
    let _turn = threads.then(|| TURN.lock());
    let options_of_world = Options {
        backend: options.backend,
        policy: options.policy,
        preempt_every: PREEMPT_EVERY,
        record: options.record || threads,
        tap: options.tap,
        stall_timeout: options.patience,
        max_cpu_time: options.max_cpu_time,
        max_virtual_time: TIME_LIMIT + MARGIN,
        ..Options::new(options.seed)
    };
    let (solution, meter_inside) = (*solution, meter.clone());
    let strict = options.strict || case.adversarial;
    let detail = options.detail_of(case);
    let plan =
        case.family.and_then(|_| options.plan.clone().or_else(|| case.plan(options.seed).map(Arc::new)));
    let peers = plan.as_ref().map_or(case.servers, |plan| plan.servers);
    let plan_inside = plan.clone();
    let left: Arc<Mutex<Left>> = Arc::default();
    let left_inside = Arc::clone(&left);
    let run = world::simulate(options_of_world, move |world| {
        let testbed = Testbed::new(world, detail, strict, &meter_inside);
        let owned = OwnedTestbed { testbed, left: left_inside };
        let Case { reliable, snapshots, .. } = *case;
        let (testbed, plan, servers) = (&owned.testbed, plan_inside.as_deref(), peers);
        (case.play)(&Stage { testbed, solution: &solution, servers, reliable, snapshots, plan });
    });
    let stopped = run.result.as_ref().err().map_or(run.virtual_time, |failure| failure.at);
    let (figures, time) = meter.read(stopped);
    let keeps_log = options.record || run.result.is_err();
    let Left { recording, conclusion } = std::mem::take(&mut *left.lock());
    Report {
        test: case.name.to_owned(),
        seed: options.seed,
        failure: run.result.err().map(ReportedFailure::from),
        fingerprint: run.fingerprint,
        reliable: case.reliable,
        peers,
        plan: plan.map(Arc::unwrap_or_clone),
        virtual_seconds: time.as_secs_f64(),
        cpu_seconds: run.cpu_time.as_secs_f64(),
        rpcs: figures.rpcs,
        bytes: figures.bytes,
        commands: figures.commands,
        operations: figures.operations,
        broken: conclusion.broken,
        unseen: conclusion.unseen,
        analysed: conclusion.analysed,
        situations: conclusion.situations.into_iter().map(str::to_owned).collect(),
        recording: recording.map(Arc::new),
        warnings: run.warnings.into_iter().map(|it| truncated(it, LONGEST_MESSAGE)).collect(),
        log: if keeps_log { run.log.iter().map(ToString::to_string).collect() } else { Vec::new() },
    }
}

/// Runs a test as [`run()`] does. If it fails in a simulation, the run is repeated with its events watched,
/// and the report says which [rules](crate::Rule) were broken.
#[must_use]
pub fn run_explained(case: &'static Case, solution: &Solution, options: &RunOptions) -> Report {
    let report = run(case, solution, options);
    let is_bare = options.detail_of(case) == Detail::Bare && options.backend == Backend::Simulation;
    if report.passed() || !is_bare || !report.can_be_repeated() {
        return report;
    }
    // The log was written already.
    let watched = RunOptions { detail: Detail::Watched, record: false, tap: None, ..options.clone() };
    let again = run(case, solution, &watched);
    report.explained_by(again)
}

/// Whether a run that failed so has left no thread behind, and the process as it was.
pub(crate) fn leaves_nothing(kind: &str) -> bool {
    let lost = [FailureKind::Blocked, FailureKind::Overflow, FailureKind::Memory, FailureKind::Abort];
    lost.iter().all(|lost| lost.name() != kind)
}

/// The testbed of a run, until the run is over.
struct OwnedTestbed {
    testbed: Arc<Testbed>,
    left: Arc<Mutex<Left>>,
}

/// What a run leaves besides its verdict.
#[derive(Default)]
struct Left {
    recording: Option<Recording>,
    conclusion: Conclusion,
}

impl Drop for OwnedTestbed {
    fn drop(&mut self) {
        self.testbed.measure();
        let events = &self.testbed.events;
        *self.left.lock() = Left { recording: events.take_recording(), conclusion: events.conclude() };
        self.testbed.release_clusters();
    }
}

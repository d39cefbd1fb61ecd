//! Carries out a plan in parallel, and delivers results in the plan's order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use labrt::world::{Backend, Policy};
use tester::nemesis::FaultPlan;
use tester::{Explanation, Report};

use super::process::{Output, Starter};
use super::protocol::END_OF_LINE;
use super::settled::{ENOUGH, ENOUGH_UNTRUSTED, Settled};
use super::supervisor::Supervisor;
use super::{Job, Lost, Plan};
use crate::error::CommandError;
use crate::interrupt;

/// The settings with which a plan is carried out.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Simulation or real threads.
    pub backend: Backend,
    /// The number of runs at a time.
    pub jobs: u32,
    /// The name of the solution.
    pub solution: &'static str,
    /// The scheduling policy of the simulation.
    pub policy: Policy,
    /// The fault plan of every run, instead of the one that its seed draws. Only for one test, which plays a
    /// plan.
    pub plan: Option<Arc<FaultPlan>>,
    /// Whether runs that fail are repeated with smaller fault plans, as [`tester::nemesis::smallest`] does.
    /// Such a run's report is that of the smallest plan that fails so.
    pub shrink: bool,
    /// The use of the runs' logs.
    pub record: Record,
    /// The runs that are watched for broken rules.
    pub analyse: Analyse,
    /// The limit on the time between two calls of labrt in a run.
    pub patience: Duration,
    /// The limit on a run's CPU time. Real time counts only for a run that hardly gets the processor.
    pub wall_limit: Duration,
    /// The time after which no more runs begin, if any.
    pub deadline: Option<Instant>,
    /// The time at which current runs are stopped and not reported, if any.
    pub cut_off: Option<Instant>,
    /// Whether to stop at the first failure in the plan's order.
    pub fail_fast: bool,
    /// Whether lab code is untrusted. Then a process carries out a limited number of runs, and its messages
    /// are cut to the length that a report needs.
    pub untrusted: bool,
    /// Whether a worker may report several runs at a time, without keys. Only for lab code that is trusted
    /// not to forge reports. Runs whose process dies are made again, one by one.
    pub batched: bool,
    /// The destination of the output of lab code.
    pub output: Output,
    /// Starts the workers.
    pub starter: Starter,
}

impl Settings {
    /// The settings for a solution that is not trusted: one report at a time, output that is kept as
    /// evidence, and nothing that a caller has not asked for.
    pub fn untrusted(solution: &'static str, starter: Starter, jobs: u32, wall_limit: Duration) -> Self {
        Self {
            backend: Backend::Simulation,
            jobs,
            solution,
            policy: Policy::default(),
            plan: None,
            shrink: false,
            record: Record::Nothing,
            analyse: Analyse::Nothing,
            patience: PATIENCE,
            wall_limit,
            deadline: None,
            cut_off: None,
            fail_fast: false,
            untrusted: true,
            batched: false,
            output: Output::Kept,
            starter,
        }
    }
}

/// The limit on the time between two calls of labrt in a run.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The use of the logs of runs, and of their events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Logs are not recorded.
    Nothing,
    /// Reports contain the ends of logs.
    End,
    /// The observer receives every line when it is written.
    Lines,
    /// As `Lines`, and the events and the log of each run that ends are written to this file, in place of
    /// those of the run before; see [`EventFile`](super::EventFile).
    Events(PathBuf),
    /// Logs are not recorded. The outlines of the events of each run that ends are written to a file in this
    /// folder; see [`OutlineFolder`](super::OutlineFolder).
    Outlines(PathBuf),
}

impl Record {
    /// Whether reports have logs, or the observer receives their lines.
    pub(super) fn logs(&self) -> bool {
        matches!(self, Self::End | Self::Lines | Self::Events(_))
    }

    /// Whether the observer receives the lines.
    pub(super) fn lines(&self) -> bool {
        matches!(self, Self::Lines | Self::Events(_))
    }
}

/// The runs that are watched for broken rules. Only simulations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Analyse {
    /// No runs.
    Nothing,
    /// Failed runs, which are repeated for it, unless many before failed in the same way.
    Failures,
    /// All runs.
    All,
    /// All runs, and a broken rule fails the run.
    Strict,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Run {
    /// The test and the seed.
    pub job: Job,
    /// The fault plan that was played, if it is not the one that the seed draws.
    pub plan: Option<Arc<FaultPlan>>,
    /// The report, or how its process was lost.
    pub outcome: Outcome,
    /// What the rules that it broke say about its failure.
    pub explanation: Explanation,
}

/// The outcome of a run.
#[derive(Debug)]
pub enum Outcome {
    /// The run ended and was reported.
    Reported(Box<Report>),
    /// Its worker died or hung.
    Lost(Lost),
}

impl Outcome {
    /// Whether the run passed.
    pub fn passed(&self) -> bool {
        matches!(self, Outcome::Reported(report) if report.failure.is_none())
    }

    /// What the rules that the run broke say about its failure.
    pub(super) fn explanation(&self) -> Explanation {
        match self {
            Outcome::Reported(report) => Explanation::of(report),
            Outcome::Lost(_) => Explanation::Missing,
        }
    }

    /// Cuts long texts, since many outcomes can wait for the one that is next in the plan.
    pub(super) fn cut(&mut self) {
        match self {
            Outcome::Reported(report) => {
                report.warnings = Vec::new();
                report.log = Vec::new();
                cut_rules(report);
                if let Some(failure) = &mut report.failure {
                    cut(&mut failure.message, MAX_MESSAGE);
                    for name in [&mut failure.kind, &mut failure.node, &mut failure.thread] {
                        cut(name, MAX_NAME);
                    }
                    if let Some(location) = &mut failure.location {
                        cut(location, MAX_NAME);
                    }
                    failure.backtrace = None;
                }
            }
            Outcome::Lost(lost) => cut(&mut lost.message, MAX_MESSAGE),
        }
    }
}

/// Bytes that are kept of a message of untrusted code.
const MAX_MESSAGE: usize = 16 * 1024;

/// Bytes that are kept of an event, or of a sentence on one, of untrusted code.
const MAX_EVENT: usize = 1024;

/// Bytes that are kept of a name of untrusted code.
const MAX_NAME: usize = 256;

/// Broken rules that are kept of a run of untrusted code, and events of each.
const MAX_RULES: usize = 10;

fn cut_rules(report: &mut Report) {
    report.broken.truncate(MAX_RULES);
    report.unseen.truncate(MAX_RULES);
    report.unseen.iter_mut().for_each(|text| cut(text, MAX_NAME));
    for rule in &mut report.broken {
        rule.events.truncate(MAX_RULES);
        for text in [&mut rule.id, &mut rule.server].into_iter().chain(&mut rule.location) {
            cut(text, MAX_NAME);
        }
        for text in [&mut rule.text, &mut rule.headline] {
            cut(text, MAX_EVENT);
        }
        for event in &mut rule.events {
            cut(&mut event.server, MAX_NAME);
            cut(&mut event.what, MAX_EVENT);
        }
    }
}

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
}

/// A receiver of results.
pub trait Observer {
    /// The current run has written a line of its log, which may contain line breaks.
    fn logged(&mut self, _line: &str) {}

    /// A run has ended. The order of these calls depends on timing, so they serve a progress bar only.
    fn ended(&mut self, _passed: bool) {}

    /// The next run in the plan's order has ended. These calls do not depend on the number of jobs.
    fn next(&mut self, run: Run);

    /// Whether the test of the last call of [`next`](Self::next) needs no more runs. Runs that have begun may
    /// be reported nevertheless.
    fn has_seen_enough(&self) -> bool {
        false
    }
}

/// A message from a supervisor.
pub(super) enum Delivery {
    /// Lines of a log.
    Logged(String),
    /// A run has ended.
    Ended(Box<Run>),
    /// No more runs can be carried out.
    Failed(CommandError),
}

/// The state that supervisors share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    plan: Mutex<Plan>,
    /// The failures that need no further explanation.
    settled: Mutex<Settled>,
    /// Whether no more runs begin.
    closed: AtomicBool,
    /// Whether current runs are stopped.
    stopped: AtomicBool,
}

impl Shared {
    /// The next run that no supervisor has taken.
    pub(super) fn next_job(&self) -> Option<Job> {
        let late = self.settings.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late || self.closed.load(Ordering::Relaxed) {
            return None;
        }
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    pub(super) fn stopped(&self) -> bool {
        let cut_off = self.settings.cut_off.is_some_and(|time| Instant::now() >= time);
        cut_off || interrupt::has_come() || self.stopped.load(Ordering::Relaxed)
    }

    /// Whether a run that was reported so is repeated for the rules that it broke.
    pub(super) fn is_to_be_explained(&self, report: &Report) -> bool {
        let is_wanted = self.settings.analyse == Analyse::Failures
            && self.settings.backend == Backend::Simulation
            && !report.passed()
            && report.can_be_repeated();
        is_wanted && !self.settled().covers(report)
    }

    fn settled(&self) -> MutexGuard<'_, Settled> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves out the remaining runs of the test of the run at this position; see [`Plan::skip_test`].
    fn skip_test(&self, position: u64) -> Range<u64> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).skip_test(position)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn stop(&self) {
        self.close();
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Runs that were made before. They are asked for by their positions in the plan, which ascend; `None` is a
/// run that is to be made.
pub(crate) type MadeBefore<'a> = dyn FnMut(u64) -> Result<Option<Run>, CommandError> + 'a;

/// Carries out `plan`, and passes every run to `observer` once. After Ctrl-C, or at [`Settings::cut_off`], it
/// returns early.
///
/// With [`Settings::fail_fast`] it returns after the first failed run in the plan's order, which does not
/// depend on the number of jobs.
///
/// # Errors
///
/// Workers cannot be started.
pub fn carry_out(plan: Plan, settings: &Settings, observer: &mut dyn Observer) -> Result<(), CommandError> {
    // Positions without a run, of a plan that is a part of another one, are passed over.
    let order = InOrder::new(Some(plan.clone()));
    run_and_deliver(plan, settings, observer, order, &mut |_| Ok(None))
}

/// As [`carry_out`], of a plan of which some runs were made before: `missing` are the others, by their
/// positions. All are passed to `observer` as if they were made now.
///
/// # Errors
///
/// Those of [`carry_out`] and of `made`.
pub(crate) fn carry_out_missing(
    plan: Plan,
    missing: Vec<Range<u64>>,
    made: &mut MadeBefore<'_>,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<(), CommandError> {
    run_and_deliver(plan.only(missing), settings, observer, InOrder::new(None), made)
}

fn run_and_deliver(
    plan: Plan,
    settings: &Settings,
    observer: &mut dyn Observer,
    mut order: InOrder,
    made: &mut MadeBefore<'_>,
) -> Result<(), CommandError> {
    let jobs = plan.length().unwrap_or(u64::MAX).min(u64::from(settings.jobs));
    let shared = Shared {
        settings: settings.clone(),
        plan: Mutex::new(plan),
        settled: Mutex::new(Settled::after(if settings.untrusted { ENOUGH_UNTRUSTED } else { ENOUGH })),
        closed: AtomicBool::new(false),
        stopped: AtomicBool::new(false),
    };
    // Before any run begins: runs that were made before may show that others are not needed.
    if order.deliver(&shared, observer, made)? == Wanted::Nothing {
        return Ok(());
    }
    let (sender, deliveries) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let supervisor = Supervisor::new(&shared, sender.clone());
            scope.spawn(move || supervisor.work());
        }
        drop(sender);
        let result = deliver_all(&deliveries, &shared, observer, order, made);
        shared.stop();
        result
    })
}

/// Passes the supervisors' deliveries to the observer in the plan's order, until the plan or the observer
/// ends.
fn deliver_all(
    deliveries: &mpsc::Receiver<Delivery>,
    shared: &Shared,
    observer: &mut dyn Observer,
    mut order: InOrder,
    made: &mut MadeBefore<'_>,
) -> Result<(), CommandError> {
    for delivery in deliveries {
        let run = match delivery {
            Delivery::Ended(run) => *run,
            Delivery::Logged(lines) => {
                lines.split_terminator(END_OF_LINE).for_each(|line| observer.logged(line));
                continue;
            }
            Delivery::Failed(error) => return Err(error),
        };
        let passed = run.outcome.passed();
        observer.ended(passed);
        if !passed && shared.settings.fail_fast {
            // Runs begin in order, so all runs before this one have begun.
            shared.close();
        }
        order.early.insert(run.job.position, run);
        if order.deliver(shared, observer, made)? == Wanted::Nothing {
            return Ok(());
        }
    }
    Ok(())
}

/// What is wanted after some runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// More runs.
    More,
    /// No run: a run failed, and that is enough.
    Nothing,
}

/// Brings runs into the plan's order.
struct InOrder {
    /// Runs that ended before others that precede them in the plan.
    early: BTreeMap<u64, Run>,
    /// The position of the next run.
    next: u64,
    /// The positions that were skipped last.
    skipped: Range<u64>,
    /// The plan, if it has no runs at some positions.
    plan: Option<Plan>,
}

impl InOrder {
    fn new(plan: Option<Plan>) -> Self {
        let next = plan.as_ref().map_or(0, |plan| plan.at_or_after(0));
        Self { early: BTreeMap::new(), next, skipped: 0..0, plan }
    }

    /// Passes all runs to the observer that are there and are next.
    fn deliver(
        &mut self,
        shared: &Shared,
        observer: &mut dyn Observer,
        made: &mut MadeBefore<'_>,
    ) -> Result<Wanted, CommandError> {
        loop {
            let mut run = match self.early.remove(&self.next) {
                Some(run) => run,
                None => match made(self.next)? {
                    Some(run) => {
                        observer.ended(run.outcome.passed());
                        run
                    }
                    None => return Ok(Wanted::More),
                },
            };
            let passed = run.outcome.passed();
            shared.settled().settle(&mut run);
            observer.next(run);
            if !passed && shared.settings.fail_fast {
                return Ok(Wanted::Nothing);
            }
            if observer.has_seen_enough() && (self.skipped.is_empty() || self.skipped.end <= self.next) {
                self.skipped = shared.skip_test(self.next);
            }
            self.next += 1;
            if self.skipped.contains(&self.next) {
                self.next = self.skipped.end;
            }
            if let Some(plan) = &self.plan {
                self.next = plan.at_or_after(self.next);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use super::super::protocol::{Event, send};
    use super::*;

    struct Collected(Vec<Run>);

    impl Observer for Collected {
        fn next(&mut self, run: Run) {
            self.0.push(run);
        }
    }

    fn passed(test: &str, seed: u64) -> Report {
        Report {
            test: test.to_owned(),
            seed,
            failure: None,
            fingerprint: 1,
            reliable: true,
            peers: 3,
            plan: None,
            virtual_seconds: 1.0,
            cpu_seconds: 0.0,
            rpcs: 1,
            bytes: 1,
            commands: 0,
            operations: 0,
            warnings: Vec::new(),
            broken: Vec::new(),
            unseen: Vec::new(),
            analysed: false,
            situations: Vec::new(),
            recording: None,
            log: Vec::new(),
        }
    }

    /// The bytes of these events, and of a report of this run with an invalid key.
    fn forged(before: &[Event], test: &str, seed: u64) -> Vec<u8> {
        let (near, mut far) = UnixStream::pair().expect("a pair of sockets");
        for event in before {
            send(&near, event).expect("sent");
        }
        let report = Box::new(passed(test, seed));
        send(&near, &Event::Finished("key".to_owned(), report)).expect("sent");
        drop(near);
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).expect("read");
        bytes
    }

    #[test]
    fn texts_of_untrusted_code_are_cut() {
        let long = "ä".repeat(1 << 20);
        let mut report = passed("a_3a", 1);
        report.warnings = vec![long.clone()];
        report.failure = Some(tester::ReportedFailure {
            kind: long.clone(),
            message: long.clone(),
            at_seconds: 0.0,
            node: long.clone(),
            thread: long.clone(),
            location: Some(long.clone()),
            backtrace: Some(long.clone()),
        });
        let lost = Lost { kind: labrt::world::FailureKind::Unknown, message: long, printed: String::new() };
        for mut outcome in [Outcome::Reported(Box::new(report)), Outcome::Lost(lost)] {
            outcome.cut();
            let bytes = format!("{outcome:?}").len();
            assert!(bytes > MAX_MESSAGE / 2 && bytes < 2 * MAX_MESSAGE, "{bytes}");
        }
    }

    fn settings(starter: Starter) -> Settings {
        let wall_limit = Duration::from_secs(600);
        Settings { untrusted: false, ..Settings::untrusted("reference", starter, 1, wall_limit) }
    }

    /// Takes the first so many runs of each test, and keeps their positions.
    struct FirstOfEach(u64, Vec<u64>);

    impl Observer for FirstOfEach {
        fn next(&mut self, run: Run) {
            self.1.push(run.job.position);
        }

        fn has_seen_enough(&self) -> bool {
            self.1.last().is_some_and(|position| position % 10 + 1 == self.0)
        }
    }

    /// A run of a plan that was made before, which fails at these positions.
    fn made(plan: &Plan, position: u64, failing: &[u64]) -> Run {
        let job = plan.job(position).expect("a job");
        let failure = failing.contains(&position).then_some("lost 3");
        Run { job, ..crate::report::sample::run(job.seed, failure, None) }
    }

    /// Starts no worker.
    fn no_starter() -> Starter {
        Starter::new(|| Err(io::Error::other("a run was made that is not needed")))
    }

    #[test]
    fn runs_that_were_made_before_are_delivered_in_order_and_left_out_like_others() {
        let plan = Plan::new(tester::cases().iter().take(3).collect(), 10, 5);
        for wanted in 1..=10 {
            let mut observer = FirstOfEach(wanted, Vec::new());
            let mut asked = Vec::new();
            let mut before = |position| {
                asked.push(position);
                Ok((position < 30).then(|| made(&plan, position, &[])))
            };
            // The last run of each test was not made: it is needed only if all are.
            let missing = if wanted < 10 { vec![9..10, 19..20, 29..30] } else { Vec::new() };
            let settings = settings(no_starter());
            carry_out_missing(plan.clone(), missing, &mut before, &settings, &mut observer).expect("made");
            let expected: Vec<u64> = (0..30).filter(|position| position % 10 < wanted).collect();
            assert_eq!(observer.1, expected, "{wanted} of each test");
            assert!(asked.is_sorted(), "{asked:?}");
        }
    }

    #[test]
    fn a_run_that_no_one_made_before_is_made() {
        let plan = Plan::new(tester::cases().iter().take(1).collect(), 10, 5);
        let mut observer = FirstOfEach(11, Vec::new());
        let mut before = |position| Ok((position != 4).then(|| made(&plan, position, &[])));
        let settings = settings(no_starter());
        let made = carry_out_missing(
            plan.clone(),
            std::iter::once(4..5).collect(),
            &mut before,
            &settings,
            &mut observer,
        );
        assert!(made.is_err_and(|error| error.to_string().contains("cannot start a worker process")));
        assert_eq!(observer.1, [0, 1, 2, 3]);
    }

    #[test]
    fn the_first_failure_ends_runs_that_were_made_before() {
        let plan = Plan::new(tester::cases().iter().take(2).collect(), 10, 5);
        let mut observer = FirstOfEach(11, Vec::new());
        let mut before = |position| Ok((position < 15).then(|| made(&plan, position, &[12, 14])));
        let settings = Settings { fail_fast: true, ..settings(no_starter()) };
        carry_out_missing(
            plan.clone(),
            std::iter::once(15..20).collect(),
            &mut before,
            &settings,
            &mut observer,
        )
        .expect("made");
        assert_eq!(observer.1, (0..=12).collect::<Vec<_>>());
    }

    /// Carries out a run whose worker sends these events, and then a report with an invalid key.
    fn carry_out_forged(before: &[Event]) -> (Vec<Run>, Result<(), CommandError>) {
        let case = &tester::cases()[0];
        carry_out_by(&forged(before, case.name, 7), Plan::single(case, 7), false)
    }

    /// Carries out a plan with workers that send these bytes and then wait.
    fn carry_out_by(answers: &[u8], plan: Plan, batched: bool) -> (Vec<Run>, Result<(), CommandError>) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("answers");
        std::fs::write(&file, answers).expect("written");
        let starter = Starter::new(move || {
            let mut command = Command::new("sh");
            command.args(["-c", "cat \"$0\" >&0; exec sleep 600"]).arg(&file);
            Ok(command)
        });
        let settings = Settings { batched, ..settings(starter) };
        let mut collected = Collected(Vec::new());
        let result = carry_out(plan, &settings, &mut collected);
        (collected.0, result)
    }

    /// The bytes of reports of these runs, in one message.
    fn reports(test: &str, seeds: &[u64]) -> Vec<u8> {
        let (near, mut far) = UnixStream::pair().expect("a pair of sockets");
        let reports = seeds.iter().map(|&seed| passed(test, seed)).collect();
        send(&near, &Event::Reports(reports)).expect("sent");
        drop(near);
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).expect("read");
        bytes
    }

    #[test]
    fn reports_of_several_runs_count_where_they_may_be_batched() {
        let case = &tester::cases()[0];
        let plan = || Plan::new(vec![case], 2, 7);
        let (runs, result) = carry_out_by(&reports(case.name, &[7, 8]), plan(), true);
        assert!(result.is_ok(), "{runs:?}");
        let seeds: Vec<_> = runs.iter().map(|run| (run.job.seed, run.outcome.passed())).collect();
        assert_eq!(seeds, [(7, true), (8, true)]);
        for (seeds, batched) in [(&[7, 8][..], false), (&[8, 7], true), (&[7, 8, 9], true), (&[], true)] {
            // None of the runs has begun, as far as anybody knows.
            let (runs, error) = carry_out_by(&reports(case.name, seeds), plan(), batched);
            assert!(runs.is_empty(), "{seeds:?}: {runs:?}");
            assert!(error.is_err_and(|error| error.to_string().contains("before its first run")));
        }
    }

    #[test]
    fn a_report_without_the_key_of_the_run_does_not_count() {
        for before in [vec![Event::Started(0)], vec![Event::Started(0), Event::Ended(0)]] {
            let (runs, result) = carry_out_forged(&before);
            assert!(result.is_ok(), "{before:?}");
            assert!(matches!(&runs[..], [Run { outcome: Outcome::Lost(_), .. }]), "{before:?}: {runs:?}");
        }
    }

    #[test]
    fn a_report_of_a_run_that_has_not_begun_does_not_count() {
        for before in [vec![], vec![Event::Started(1)], vec![Event::Ended(0)]] {
            let (runs, error) = carry_out_forged(&before);
            assert!(runs.is_empty(), "{runs:?}");
            assert!(error.is_err_and(|error| error.to_string().contains("before its first run")));
        }
    }
}

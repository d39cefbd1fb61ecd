//! All runs of a plan, side by side; results in the plan's order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use labrt::world::{Backend, Policy};
use tester::Report;

use super::process::{Output, Starter};
use super::protocol::END_OF_LINE;
use super::supervisor::Supervisor;
use super::{Job, Lost, Plan};
use crate::error::CommandError;
use crate::interrupt;

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where runs take place.
    pub backend: Backend,
    /// Number of runs side by side.
    pub jobs: u32,
    /// Name of the solution.
    pub solution: &'static str,
    /// How the simulation chooses the next thread.
    pub policy: Policy,
    /// What becomes of the runs' logs.
    pub record: Record,
    /// How long a run may go on without a call of labrt.
    pub patience: Duration,
    /// Processor time after which a run is given up. Real time counts only for one that does not run at all;
    /// see [`Supervisor`].
    pub wall_limit: Duration,
    /// When no more runs are begun; `None`: not before the plan is done.
    pub deadline: Option<Instant>,
    /// When runs that are going on are given up, and told of to nobody; `None`: never.
    pub cut_off: Option<Instant>,
    /// Whether the first failure in the plan's order is the last run.
    pub fail_fast: bool,
    /// Whether lab code is a stranger's. Then a process makes few runs, and of what it tells no more is kept than a
    /// report needs.
    pub untrusted: bool,
    /// Whether lab code's own printing is shown.
    pub output: Output,
    /// How workers are started.
    pub starter: Starter,
}

/// How long a run may go on without a call of labrt.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What becomes of the logs of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// There are none.
    Nothing,
    /// Reports carry their ends.
    End,
    /// The observer is told of every line when it is written.
    Lines,
}

/// A run that is over.
#[derive(Debug)]
pub struct Run {
    /// The test and the seed.
    pub job: Job,
    /// The report, or how its process was lost.
    pub outcome: Outcome,
}

/// What became of a run.
#[derive(Debug)]
pub enum Outcome {
    /// It ended by itself.
    Reported(Box<Report>),
    /// Its worker died or hung.
    Lost(Lost),
}

impl Outcome {
    /// Whether the run passed.
    pub fn passed(&self) -> bool {
        matches!(self, Outcome::Reported(report) if report.failure.is_none())
    }

    /// Cuts what is long: many outcomes can wait for the one that is next in the plan.
    pub(super) fn cut(&mut self) {
        match self {
            Outcome::Reported(report) => {
                report.warnings = Vec::new();
                report.log = Vec::new();
                if let Some(failure) = &mut report.failure {
                    cut(&mut failure.message, LONGEST_MESSAGE);
                    for name in [&mut failure.kind, &mut failure.node, &mut failure.thread] {
                        cut(name, LONGEST_NAME);
                    }
                    if let Some(location) = &mut failure.location {
                        cut(location, LONGEST_NAME);
                    }
                    failure.backtrace = None;
                }
            }
            Outcome::Lost(lost) => cut(&mut lost.message, LONGEST_MESSAGE),
        }
    }
}

/// Bytes of a message from a stranger that are kept.
const LONGEST_MESSAGE: usize = 16 * 1024;

/// Bytes of a name from a stranger that are kept.
const LONGEST_NAME: usize = 256;

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
}

/// Who is told of results.
pub trait Observer {
    /// The run that is going on has written a line of its log, which may have line breaks in it.
    fn logged(&mut self, _line: &str) {}

    /// A run has ended. In the order in which they end: good for a progress bar and nothing else.
    fn ended(&mut self, _passed: bool) {}

    /// The next run in the plan's order is over. What is told here does not depend on the number of jobs.
    fn next(&mut self, run: Run);

    /// Whether no more runs are wanted of the test that [`next`](Self::next) was told of last. Some that are going on
    /// already may be told all the same.
    fn has_seen_enough(&self) -> bool {
        false
    }
}

/// What a supervisor tells.
pub(super) enum Delivery {
    /// Lines of a log.
    Logged(String),
    /// A run has ended.
    Over(Run),
    /// Nothing more can be run.
    Failed(CommandError),
}

/// What the supervisors share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    plan: Mutex<Plan>,
    /// No more runs are handed out.
    closed: AtomicBool,
    /// Whatever is running is of no interest any more.
    stopped: AtomicBool,
}

impl Shared {
    /// The next run that nobody has taken.
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

    /// Hands out no more runs of the test that has the run at this position; returns those that nobody has taken.
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

/// Carries out `plan` and tells `observer` of every run, once. After Ctrl-C, or when runs are cut off, it
/// returns with what `observer` has been told.
///
/// With [`Settings::fail_fast`] the observer hears of no run after the first that failed. As that is
/// the first in the plan's order, it is the same one with any number of jobs.
///
/// # Errors
///
/// When workers cannot be started.
pub fn carry_out(plan: Plan, settings: &Settings, observer: &mut dyn Observer) -> Result<(), CommandError> {
    let jobs = plan.total().unwrap_or(u64::MAX).min(u64::from(settings.jobs));
    let shared = Shared {
        settings: settings.clone(),
        plan: Mutex::new(plan),
        closed: AtomicBool::new(false),
        stopped: AtomicBool::new(false),
    };
    let (sender, deliveries) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let supervisor = Supervisor::new(&shared, sender.clone());
            scope.spawn(move || supervisor.work());
        }
        drop(sender);
        let result = in_order(&deliveries, &shared, observer);
        shared.stop();
        result
    })
}

/// Passes on what the supervisors deliver, in the plan's order, until all is done or enough is known.
fn in_order(
    deliveries: &mpsc::Receiver<Delivery>,
    shared: &Shared,
    observer: &mut dyn Observer,
) -> Result<(), CommandError> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    let mut skipped = 0..0;
    for delivery in deliveries {
        let run = match delivery {
            Delivery::Over(run) => run,
            Delivery::Logged(lines) => {
                lines.split_terminator(END_OF_LINE).for_each(|line| observer.logged(line));
                continue;
            }
            Delivery::Failed(error) => return Err(error),
        };
        let passed = run.outcome.passed();
        observer.ended(passed);
        if !passed && shared.settings.fail_fast {
            // Runs are handed out in order: all that come before this one have been.
            shared.close();
        }
        early.insert(run.job.position, run);
        while let Some(run) = early.remove(&next) {
            let passed = run.outcome.passed();
            observer.next(run);
            if !passed && shared.settings.fail_fast {
                return Ok(());
            }
            if observer.has_seen_enough() && (skipped.is_empty() || skipped.end <= next) {
                skipped = shared.skip_test(next);
            }
            next += 1;
            if skipped.contains(&next) {
                next = skipped.end;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
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
            virtual_seconds: 1.0,
            cpu_seconds: 0.0,
            rpcs: 1,
            bytes: 1,
            commands: 0,
            operations: 0,
            warnings: Vec::new(),
            recording: None,
            log: Vec::new(),
        }
    }

    /// These events as a worker sends them, and then a report of this run with a key that is not the run's.
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
    fn what_a_stranger_tells_is_cut() {
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
            assert!(bytes > LONGEST_MESSAGE / 2 && bytes < 2 * LONGEST_MESSAGE, "{bytes}");
        }
    }

    /// What a run comes to whose worker sends these events and then a report without the key.
    fn comes_to(before: &[Event]) -> (Vec<Run>, Result<(), CommandError>) {
        let case = &tester::cases()[0];
        let folder = tempfile::tempdir().expect("a folder");
        let answers = folder.path().join("answers");
        std::fs::write(&answers, forged(before, case.name, 7)).expect("written");
        let starter = Starter::new(move || {
            let mut command = Command::new("sh");
            command.args(["-c", "cat \"$0\" >&0; exec sleep 600"]).arg(&answers);
            Ok(command)
        });
        let settings = Settings {
            backend: Backend::Simulation,
            jobs: 1,
            solution: "raft",
            policy: Policy::default(),
            record: Record::Nothing,
            patience: Duration::from_secs(5),
            wall_limit: Duration::from_secs(600),
            deadline: None,
            cut_off: None,
            fail_fast: false,
            untrusted: false,
            output: Output::Kept,
            starter,
        };
        let mut collected = Collected(Vec::new());
        let result = carry_out(Plan::single(case, 7), &settings, &mut collected);
        (collected.0, result)
    }

    #[test]
    fn a_report_without_the_key_of_the_run_is_none() {
        for before in [vec![Event::Started(0)], vec![Event::Started(0), Event::Ended(0)]] {
            let (runs, result) = comes_to(&before);
            assert!(result.is_ok(), "{before:?}");
            assert!(matches!(&runs[..], [Run { outcome: Outcome::Lost(_), .. }]), "{before:?}: {runs:?}");
        }
    }

    #[test]
    fn a_report_of_a_run_that_has_not_begun_is_none() {
        for before in [vec![], vec![Event::Started(1)], vec![Event::Ended(0)]] {
            let (runs, error) = comes_to(&before);
            assert!(runs.is_empty(), "{runs:?}");
            assert!(error.is_err_and(|error| error.to_string().contains("before its first run")));
        }
    }
}

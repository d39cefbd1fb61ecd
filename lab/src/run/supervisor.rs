//! [`Supervisor`]: runs one worker at a time, and replaces it when it dies.

use std::collections::VecDeque;
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tester::Report;
use tester::nemesis::FaultPlan;

use super::event_file::Draft;
use super::key::Key;
use super::outline_folder;
use super::pool::{Analyse, Delivery, Record, Shared};
use super::process::{Output, Process};
use super::protocol::{
    BATCH_TIME, Event, Instruction, MAX_BYTES, MAX_BYTES_WITHOUT_LOG, Received, RunRequest,
};
use super::run_clock::RunClock;
use super::{Job, Lost, Outcome, Run, Settings};
use crate::error::CommandError;

/// Runs that a worker has at a time: the current one and the next, so that it never waits for its parent.
const RUNS_IN_FLIGHT: usize = 2;

/// The most runs that a worker has at a time, if they are batched.
const BATCHED_IN_FLIGHT_MAX: usize = 256;

/// Runs of a process with untrusted lab code. Memory that runs leak must not add up until a run fails, since
/// the number of jobs would decide which one. A process's first run takes some 40 ms longer than others.
const RUNS_PER_UNTRUSTED_WORKER: u32 = 200;

/// The interval at which a supervisor checks its clock and whether it is stopped.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Workers that may die in a row before their first run begins.
const MAX_FAILED_STARTS: u32 = 3;

/// Runs one worker at a time.
///
/// A run ends itself at its limit of CPU time, and reports its activity. If it does not, or if it hardly gets
/// the processor, its process is killed; see [`RunClock`].
pub(super) struct Supervisor<'a> {
    shared: &'a Shared,
    deliveries: Sender<Delivery>,
    worker: Option<Process>,
    /// Runs that the worker may still receive.
    runs_left: u32,
    /// Runs that the worker has received and not reported, in order.
    in_flight: VecDeque<Task>,
    /// The number of the first of `in_flight` among the requests to this worker.
    number: u64,
    /// Whether the worker has begun the first of `in_flight`.
    begun: bool,
    /// The key that the report must carry, once the run's lab code has ended.
    key: Option<Key>,
    /// The file of the run's events.
    events: Writing,
    /// The time since the run began, or, between runs, since the worker's last message.
    clock: RunClock,
    /// Runs that a worker is to receive before others: those that a dead worker had received and not begun,
    /// and failed runs that are repeated.
    waiting: VecDeque<Task>,
    /// Workers in a row that died before their first run began.
    failed_starts: u32,
    /// The test of the last batched run that was reported, and the number of its runs that a worker has at a
    /// time: those of two batches.
    batch: Option<(&'static str, usize)>,
    /// The last test of which a batched run may have ended its worker. Its runs are not batched.
    unbatched: Option<&'static str>,
}

/// A run that a worker carries out.
struct Task {
    job: Job,
    /// The report of the run, if it has failed and is repeated only for the rules that it broke. Lab code has
    /// ended before this report came, and the repetition cannot change it.
    failed: Option<Box<Report>>,
    /// Whether its report may come with those of other runs.
    batched: bool,
}

/// The state of the file of events of the current run.
#[derive(Default)]
enum Writing {
    #[default]
    NotBegun,
    Begun(Draft),
    /// It cannot be written.
    Failed,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(shared: &'a Shared, deliveries: Sender<Delivery>) -> Self {
        Self {
            shared,
            deliveries,
            worker: None,
            runs_left: 0,
            in_flight: VecDeque::new(),
            number: 0,
            begun: false,
            key: None,
            events: Writing::NotBegun,
            clock: RunClock::new(None),
            waiting: VecDeque::new(),
            failed_starts: 0,
            batch: None,
            unbatched: None,
        }
    }

    /// Carries out runs until none is left.
    pub(super) fn work(mut self) {
        while !self.shared.stopped() {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    // The receiver is closed if another supervisor has failed first.
                    let _ = self.deliveries.send(Delivery::Failed(error));
                    break;
                }
            }
        }
        // All results have been received, or are not wanted any more.
        drop(self.worker);
    }

    /// Sends runs to the worker, and waits for its next message. Returns whether there is more to do.
    fn step(&mut self) -> Result<bool, CommandError> {
        self.send_runs()?;
        let Some(worker) = self.worker.as_mut().filter(|_| !self.in_flight.is_empty()) else {
            return Ok(false);
        };
        let received = worker.receive(POLL_INTERVAL);
        match received {
            Ok(Received::Value(Event::Started(number))) if !self.begun && number == self.number => {
                self.begun = true;
                self.restart_clock();
                self.failed_starts = 0;
            }
            Ok(Received::Value(Event::Logged(lines)))
                if self.begun && self.key.is_none() && self.shared.settings.record.lines() =>
            {
                let _ = self.deliveries.send(Delivery::Logged(lines));
                self.check_clock()?;
            }
            Ok(Received::Value(Event::Ended(number)))
                if self.begun && self.key.is_none() && number == self.number =>
            {
                let key = Key::fresh();
                // If the worker is dead, the next `receive` says so.
                let _ = worker.send(&Instruction::Key(key.as_str().to_owned()));
                self.key = Some(key);
            }
            Ok(Received::Value(Event::Recorded(lines))) if self.key.is_some() && self.wants_events() => {
                self.keep(&lines);
                self.check_clock()?;
            }
            Ok(Received::Value(Event::Finished(key, report)))
                if self.key.as_ref().is_some_and(|given| given.as_str() == key)
                    && self.is_of_current_run(&report) =>
            {
                self.key = None;
                self.begun = false;
                self.restart_clock();
                self.complete();
                self.reported(report);
            }
            Ok(Received::Value(Event::Reports(reports))) if self.are_of_next_runs(&reports) => {
                self.failed_starts = 0;
                self.restart_clock();
                self.measure(&reports);
                reports.into_iter().for_each(|report| self.reported(Box::new(report)));
            }
            Ok(Received::Value(_)) => {
                self.kill();
                let cause = io::Error::other("an unexpected message");
                self.replace(|_, printed| Lost::garbled(&cause, printed))?;
            }
            Ok(Received::NotYet) => self.check_clock()?,
            Ok(Received::Closed) => self.replace(Lost::died)?,
            Err(cause) => {
                self.kill();
                self.replace(|_, printed| Lost::garbled(&cause, printed))?;
            }
        }
        Ok(true)
    }

    /// Starts a worker if there are runs, and sends it some of them.
    fn send_runs(&mut self) -> Result<(), CommandError> {
        let mut requests = Vec::new();
        while self.has_room() {
            if self.worker.is_some() && self.runs_left == 0 {
                if !self.in_flight.is_empty() {
                    break;
                }
                self.worker = None;
            }
            let Some(task) = self.waiting.pop_front().or_else(|| self.next_task()) else {
                break;
            };
            requests.push(self.request(&task));
            self.in_flight.push_back(task);
            if self.worker.is_none() {
                let Settings { starter, output, record, .. } = &self.shared.settings;
                let max_bytes = if record.logs() { MAX_BYTES } else { MAX_BYTES_WITHOUT_LOG };
                let worker = Process::start(starter, *output, max_bytes);
                self.worker = Some(worker.map_err(|cause| cannot_start(&cause))?);
                self.number = 0;
                self.restart_clock();
                self.runs_left =
                    if self.shared.settings.untrusted { RUNS_PER_UNTRUSTED_WORKER } else { u32::MAX };
            }
            self.runs_left -= 1;
        }
        if let Some(worker) = self.worker.as_ref().filter(|_| !requests.is_empty()) {
            // If the worker is dead, the next `receive` says so.
            let _ = worker.send(&Instruction::Runs(requests));
        }
        Ok(())
    }

    /// The next run that no supervisor has taken.
    fn next_task(&self) -> Option<Task> {
        let job = self.shared.next_job()?;
        let Settings { batched, record, shrink, .. } = &self.shared.settings;
        // The log of a run comes while it is carried out, and a smaller plan is searched for a long time.
        let may_be = *batched && *record == Record::Nothing && !shrink;
        let batched = may_be && self.unbatched != Some(job.case.name);
        Some(Task { job, failed: None, batched })
    }

    /// Whether the worker may have one more run.
    ///
    /// The length of a batch is known of one test only. Of others a worker has few, for they may be so much
    /// longer that another worker would wait for this one.
    fn has_room(&self) -> bool {
        if self.in_flight.len() < RUNS_IN_FLIGHT {
            return true;
        }
        let known = self.batch.filter(|(test, _)| {
            self.in_flight
                .iter()
                .rev()
                .take(RUNS_IN_FLIGHT)
                .any(|task| task.batched && task.job.case.name == *test)
        });
        known.is_some_and(|(_, count)| self.in_flight.len() < count)
    }

    /// Chooses the number of runs in flight such that a batch fills its time.
    fn measure(&mut self, reports: &[Report]) {
        let Some(job) = reports.len().checked_sub(1).map(|last| self.in_flight[last].job) else { return };
        let of_test = || reports.iter().filter(|report| report.test == job.case.name);
        let mean = of_test().map(|report| report.cpu_seconds).sum::<f64>() / of_test().count() as f64;
        let a_batch = BATCH_TIME.as_secs_f64() / mean;
        let count = (2.0 * a_batch).clamp(RUNS_IN_FLIGHT as f64, BATCHED_IN_FLIGHT_MAX as f64);
        self.batch = Some((job.case.name, count as usize));
    }

    fn wants_events(&self) -> bool {
        matches!(self.shared.settings.record, Record::Events(_) | Record::Outlines(_))
    }

    /// Adds lines to the file of events. A run whose file cannot be written has none.
    fn keep(&mut self, lines: &str) {
        let Some(Task { job, .. }) = self.in_flight.front() else { return };
        let (path, room) = match &self.shared.settings.record {
            Record::Events(path) => (path.clone(), u64::MAX),
            Record::Outlines(folder) => (outline_folder::path_of(folder, job), outline_folder::MAX_BYTES),
            Record::Nothing | Record::End | Record::Lines => return,
        };
        let begun = match std::mem::take(&mut self.events) {
            Writing::NotBegun => Draft::new(&path, room),
            Writing::Begun(draft) => Ok(draft),
            Writing::Failed => return self.events = Writing::Failed,
        };
        let written = begun.and_then(|mut draft| draft.add(lines).map(|()| draft));
        self.events = written.map_or(Writing::Failed, Writing::Begun);
    }

    /// Gives the file of events of the run that has ended its name.
    fn complete(&mut self) {
        if let Writing::Begun(draft) = std::mem::take(&mut self.events) {
            // Without the file, the run is one without events.
            let _ = draft.finish();
        }
    }

    fn is_of_current_run(&self, report: &Report) -> bool {
        self.in_flight
            .front()
            .is_some_and(|Task { job, .. }| job.case.name == report.test && job.seed == report.seed)
    }

    /// Whether these are reports of the next runs, which are batched.
    fn are_of_next_runs(&self, reports: &[Report]) -> bool {
        let is_of = |(report, task): (&Report, &Task)| {
            task.batched && task.job.case.name == report.test && task.job.seed == report.seed
        };
        // A message without a report would say nothing, and set the clock back.
        let fits = (1..=self.in_flight.len()).contains(&reports.len());
        !self.begun && fits && reports.iter().zip(&self.in_flight).all(is_of)
    }

    fn request(&self, Task { job, failed, batched }: &Task) -> RunRequest {
        let settings = &self.shared.settings;
        let is_repeated = failed.is_some();
        RunRequest {
            test: job.case.name.to_owned(),
            backend: settings.backend.to_string(),
            seed: job.seed,
            solution: settings.solution.to_owned(),
            policy: settings.policy.to_string(),
            plan: settings.plan.as_deref().cloned(),
            shrink: settings.shrink && !is_repeated,
            record: settings.record.logs() && !is_repeated,
            watch: is_repeated || matches!(settings.analyse, Analyse::All | Analyse::Strict),
            strict: settings.analyse == Analyse::Strict,
            lines: settings.record.lines() && !is_repeated,
            events: matches!(settings.record, Record::Events(_)) && !is_repeated,
            outlines: matches!(settings.record, Record::Outlines(_)) && !is_repeated,
            patience_seconds: settings.patience.as_secs_f64(),
            cpu_seconds: settings.wall_limit.as_secs_f64(),
            mark_output: settings.output == Output::Kept,
            batched: *batched,
        }
    }

    /// Stops a run, or the start of a worker, that takes too long.
    fn check_clock(&mut self) -> Result<(), CommandError> {
        let settings = &self.shared.settings;
        let Some(overtime) = self.clock.overtime(settings.wall_limit, settings.patience) else {
            return Ok(());
        };
        self.kill();
        self.replace(|_, printed| Lost::hung(overtime, printed))
    }

    fn restart_clock(&mut self) {
        self.clock = RunClock::new(self.worker.as_ref().map(Process::id));
    }

    fn kill(&mut self) {
        if let Some(worker) = &mut self.worker {
            worker.kill();
        }
    }

    /// Removes a worker that is dead or dying. Its current run is lost, with the outcome that `verdict` makes
    /// of the evidence; the other runs go to the next worker.
    ///
    /// Of batched runs nobody knows which was the current one, nor what the worker printed during it. They
    /// are made again, one by one.
    fn replace(
        &mut self,
        verdict: impl FnOnce(Option<ExitStatus>, String) -> Lost,
    ) -> Result<(), CommandError> {
        let Some(worker) = self.worker.take() else {
            return Ok(());
        };
        let (status, printed) = worker.wait().map_err(|cause| cannot_start(&cause))?;
        self.key = None;
        self.events = Writing::NotBegun;
        if std::mem::take(&mut self.begun) {
            self.deliver(Outcome::Lost(verdict(status, printed)));
        } else if let Some(task) = self.in_flight.front().filter(|task| task.batched) {
            self.unbatched = Some(task.job.case.name);
            for task in self.in_flight.iter_mut().chain(&mut self.waiting) {
                task.batched = false;
            }
        } else {
            self.failed_starts += 1;
            if self.failed_starts == MAX_FAILED_STARTS {
                let last = printed.lines().last().unwrap_or("it printed nothing");
                return Err(cannot_start(&io::Error::other(format!(
                    "it ended before its first run: {last}"
                ))));
            }
        }
        while let Some(task) = self.in_flight.pop_back() {
            self.waiting.push_front(task);
        }
        Ok(())
    }

    /// The worker has reported its current run. A run that failed is repeated for the rules that it broke, if
    /// that is wanted; it is delivered afterwards.
    fn reported(&mut self, report: Box<Report>) {
        let job = self.in_flight.front().expect("a current run").job;
        let is_first = self.in_flight.front().is_some_and(|task| task.failed.is_none());
        if is_first && self.shared.is_to_be_explained(&report) {
            self.end_current();
            self.waiting.push_back(Task { job, failed: Some(report), batched: false });
        } else {
            self.deliver(Outcome::Reported(report));
        }
    }

    /// Delivers the outcome of the worker's current run.
    fn deliver(&mut self, outcome: Outcome) {
        let Task { job, failed, .. } = self.end_current();
        let mut outcome = match (failed, outcome) {
            (None, outcome) => outcome,
            (Some(failed), Outcome::Reported(again)) => {
                Outcome::Reported(Box::new(failed.explained_by(*again)))
            }
            // The process died in the repetition only: the verdict stands.
            (Some(failed), Outcome::Lost(_)) => Outcome::Reported(failed),
        };
        if self.shared.settings.untrusted {
            outcome.cut();
        }
        let explanation = outcome.explanation();
        let plan = self.plan_of(job, &outcome);
        // The receiver is closed if no more results are wanted.
        let _ = self.deliveries.send(Delivery::Ended(Box::new(Run { job, plan, outcome, explanation })));
    }

    /// The fault plan of a run, if it is not the one that the seed draws.
    fn plan_of(&self, job: Job, outcome: &Outcome) -> Option<Arc<FaultPlan>> {
        let Settings { plan, shrink, .. } = &self.shared.settings;
        match outcome {
            Outcome::Reported(report) if *shrink => report.given_plan(job.case).cloned().map(Arc::new),
            // One value for all runs.
            _ => plan.clone(),
        }
    }

    /// Removes the worker's current run from those in flight.
    fn end_current(&mut self) -> Task {
        self.number += 1;
        self.in_flight.pop_front().expect("a current run")
    }
}

fn cannot_start(cause: &io::Error) -> CommandError {
    CommandError::new(format!("cannot start a worker process: {cause} (a smaller --jobs may help)"))
}

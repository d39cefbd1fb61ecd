//! [`Supervisor`]: looks after one worker at a time, and replaces it when it dies.

use std::collections::VecDeque;
use std::io;
use std::process::ExitStatus;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tester::Report;

use super::key::Key;
use super::pool::{Delivery, Record, Shared};
use super::process::{Output, Process};
use super::protocol::{Event, Instruction, LONGEST, LONGEST_WITHOUT_LOG, Order, Received};
use super::running::Running;
use super::{Job, Lost, Outcome, Run, Settings};
use crate::error::CommandError;

/// Runs that a worker has at a time: the one that is going on, and the next, so that it never waits for us.
const AT_HAND: usize = 2;

/// Runs that a process of a stranger's lab code makes. What they leave in memory must not add up until one of them fails for
/// it, and which one depends on how many jobs there are. A process's first run takes some 40 ms longer than others.
const RUNS_PER_UNTRUSTED_WORKER: u32 = 200;

/// How soon a supervisor notices that its work is of no interest any more.
const GLANCE: Duration = Duration::from_millis(50);

/// Workers that may die one after another before their first run begins. More than that is no accident.
const MAX_FAILED_STARTS: u32 = 3;

/// Looks after one worker at a time.
///
/// A run ends itself when it has taken the processor time that it may, and says what it was at. Its process
/// is ended when it does not even do that, and when it does not run at all; see [`Running`].
pub(super) struct Supervisor<'a> {
    shared: &'a Shared,
    deliveries: Sender<Delivery>,
    worker: Option<Process>,
    /// Runs that the worker may still be given.
    left: u32,
    /// What the worker has been given and not answered, in the order in which it does them.
    given: VecDeque<Job>,
    /// The number of the first of `given` among the orders of this worker.
    number: u64,
    /// Whether the worker has begun the first of `given`.
    begun: bool,
    /// What its report must have, since its lab code has ended.
    key: Option<Key>,
    /// How long the worker has been at that, or, while it has begun nothing, since it was last heard of.
    running: Running,
    /// What a worker took with it before it began it.
    returned: VecDeque<Job>,
    stillborn: u32,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(shared: &'a Shared, deliveries: Sender<Delivery>) -> Self {
        Self {
            shared,
            deliveries,
            worker: None,
            left: 0,
            given: VecDeque::new(),
            number: 0,
            begun: false,
            key: None,
            running: Running::new(None),
            returned: VecDeque::new(),
            stillborn: 0,
        }
    }

    /// Works until there is nothing left to do.
    pub(super) fn work(mut self) {
        while !self.shared.stopped() {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    // Nobody listens when another supervisor has failed first.
                    let _ = self.deliveries.send(Delivery::Failed(error));
                    break;
                }
            }
        }
        // All answers are here or unwanted, so the worker has nothing left that it could lose.
        drop(self.worker);
    }

    /// Hands out work, or waits for the worker's next word. Returns whether there is more to do.
    fn step(&mut self) -> Result<bool, CommandError> {
        self.hand_out()?;
        let Some(worker) = self.worker.as_mut().filter(|_| !self.given.is_empty()) else {
            return Ok(false);
        };
        let heard = worker.listen(GLANCE);
        match heard {
            Ok(Received::Value(Event::Started(number))) if !self.begun && number == self.number => {
                self.begun = true;
                self.restart_clock();
                self.stillborn = 0;
            }
            Ok(Received::Value(Event::Logged(lines)))
                if self.begun && self.key.is_none() && self.shared.settings.record == Record::Lines =>
            {
                let _ = self.deliveries.send(Delivery::Logged(lines));
                self.check_clock()?;
            }
            Ok(Received::Value(Event::Ended(number)))
                if self.begun && self.key.is_none() && number == self.number =>
            {
                let key = Key::fresh();
                // If it is dead, the next glance at its socket will say so.
                let _ = worker.tell(&Instruction::Key(key.as_str().to_owned()));
                self.key = Some(key);
            }
            Ok(Received::Value(Event::Finished(key, report)))
                if self.key.as_ref().is_some_and(|given| given.as_str() == key)
                    && self.is_of_this_run(&report) =>
            {
                self.key = None;
                self.begun = false;
                self.restart_clock();
                self.deliver(Outcome::Reported(report));
            }
            Ok(Received::Value(_)) => {
                self.kill();
                let cause = io::Error::other("it answers what it was not asked");
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

    /// Sees to it that there is a worker if there is work, and that it has enough of it.
    fn hand_out(&mut self) -> Result<(), CommandError> {
        while self.given.len() < AT_HAND {
            if self.worker.is_some() && self.left == 0 {
                if !self.given.is_empty() {
                    break;
                }
                self.worker = None;
            }
            let Some(job) = self.returned.pop_front().or_else(|| self.shared.next_job()) else {
                break;
            };
            let order = self.order(&job);
            self.given.push_back(job);
            if self.worker.is_none() {
                let Settings { starter, output, record, .. } = &self.shared.settings;
                let longest = if *record == Record::Nothing { LONGEST_WITHOUT_LOG } else { LONGEST };
                let worker = Process::start(starter, *output, longest);
                self.worker = Some(worker.map_err(|cause| cannot_start(&cause))?);
                self.number = 0;
                self.restart_clock();
                self.left = if self.shared.settings.untrusted { RUNS_PER_UNTRUSTED_WORKER } else { u32::MAX };
            }
            self.left -= 1;
            let worker = self.worker.as_ref().expect("it was just started");
            if worker.tell(&Instruction::Order(order)).is_err() {
                // It is dead, and the next glance at its socket will say so.
                break;
            }
        }
        Ok(())
    }

    fn is_of_this_run(&self, report: &Report) -> bool {
        self.given.front().is_some_and(|job| job.case.name == report.test && job.seed == report.seed)
    }

    fn order(&self, job: &Job) -> Order {
        let settings = &self.shared.settings;
        Order {
            test: job.case.name.to_owned(),
            backend: settings.backend.to_string(),
            seed: job.seed,
            solution: settings.solution.to_owned(),
            policy: settings.policy.to_string(),
            record: settings.record != Record::Nothing,
            lines: settings.record == Record::Lines,
            patience_seconds: settings.patience.as_secs_f64(),
            cpu_seconds: settings.wall_limit.as_secs_f64(),
            mark: settings.output == Output::Kept,
        }
    }

    /// Gives up a run, or a start, that takes too long.
    fn check_clock(&mut self) -> Result<(), CommandError> {
        let settings = &self.shared.settings;
        let Some(overtime) = self.running.overtime(settings.wall_limit, settings.patience) else {
            return Ok(());
        };
        self.kill();
        self.replace(|_, printed| Lost::hung(overtime, printed))
    }

    fn restart_clock(&mut self) {
        self.running = Running::new(self.worker.as_ref().map(Process::id));
    }

    fn kill(&mut self) {
        if let Some(worker) = &mut self.worker {
            worker.kill();
        }
    }

    /// Buries a worker that is dead or dying. The run that it was at is lost, in the way that `verdict`
    /// makes of the evidence; the others are for its successor.
    fn replace(
        &mut self,
        verdict: impl FnOnce(Option<ExitStatus>, String) -> Lost,
    ) -> Result<(), CommandError> {
        let Some(worker) = self.worker.take() else {
            return Ok(());
        };
        let (status, printed) = worker.bury().map_err(|cause| cannot_start(&cause))?;
        self.key = None;
        if std::mem::take(&mut self.begun) {
            self.deliver(Outcome::Lost(verdict(status, printed)));
        } else {
            self.stillborn += 1;
            if self.stillborn == MAX_FAILED_STARTS {
                let last = printed.lines().last().unwrap_or("it printed nothing");
                return Err(cannot_start(&io::Error::other(format!(
                    "it ended before its first run: {last}"
                ))));
            }
        }
        while let Some(job) = self.given.pop_back() {
            self.returned.push_front(job);
        }
        Ok(())
    }

    /// The first run that the worker had is over.
    fn deliver(&mut self, mut outcome: Outcome) {
        if self.shared.settings.untrusted {
            outcome.cut();
        }
        let job = self.given.pop_front().expect("an answer to what the worker was given");
        self.number += 1;
        // Nobody listens any more when enough is known.
        let _ = self.deliveries.send(Delivery::Over(Run { job, outcome }));
    }
}

fn cannot_start(cause: &io::Error) -> CommandError {
    CommandError::new(format!("cannot start a worker process: {cause} (a smaller --jobs may help)"))
}

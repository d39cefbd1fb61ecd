//! [`Trials`]: runs of the solutions of a [`Scratch`], and what came of them.

use std::time::{Duration, Instant};

use lab::error::CommandError;
use lab::report::failure::Failure;
use lab::report::json::of_failure;
use lab::run::{Analyse, Observer, Outcome, Output, PATIENCE, Plan, Record, Run, Settings, Starter, pool};
use labreport::results::FailedRun;
use labrt::world::{Backend, Policy};
use tester::Case;

use super::Scratch;
use super::cost::Cost;
use super::order::Job;

/// The limit on the CPU time of a run: that of `lab test`.
const WALL_LIMIT: Duration = Duration::from_secs(60);

/// A run that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) case: &'static Case,
    pub(super) seed: u64,
    /// CPU seconds. Of a run whose process died or hung it is the real time, since no process is left that
    /// knows its CPU time.
    pub(super) cpu_seconds: f64,
    /// The failure, if the run failed.
    pub(super) failure: Option<FailedRun>,
    /// Whether a limit of the machine's time ended it, so that other seeds are likely to take as long.
    pub(super) hung: bool,
}

impl Made {
    pub(super) fn failed(&self) -> bool {
        self.failure.is_some()
    }

    pub(super) fn cost(&self) -> Cost {
        Cost { cpu_seconds: self.cpu_seconds, failed: self.failed() }
    }
}

/// The program with the solutions, and the manner of its runs.
pub(super) struct Trials {
    starter: Starter,
    analyse: Analyse,
    policy: Policy,
}

impl Trials {
    /// Runs of the solutions that were built, by this scheduling policy. If they are `strict`, a run that
    /// breaks a rule of the paper fails.
    pub(super) fn new(scratch: &Scratch, strict: bool, policy: Policy) -> Self {
        let analyse = if strict { Analyse::Strict } else { Analyse::Failures };
        Self { starter: scratch.starter(), analyse, policy }
    }

    /// Makes these runs of a solution in their order, one at a time, in one process unless it dies. Returns
    /// all that were made: up to the first that failed if `up_to_failure`, and fewer after Ctrl-C.
    ///
    /// # Errors
    ///
    /// The process cannot be started.
    pub(super) fn carry_out(
        &self,
        solution: &str,
        jobs: Vec<Job>,
        up_to_failure: bool,
    ) -> Result<Vec<Made>, CommandError> {
        let settings = Settings {
            backend: Backend::Simulation,
            jobs: 1,
            // A command runs some hundred solutions and then ends.
            solution: solution.to_owned().leak(),
            policy: self.policy,
            plan: None,
            shrink: false,
            record: Record::Nothing,
            analyse: self.analyse,
            patience: PATIENCE,
            wall_limit: WALL_LIMIT,
            deadline: None,
            cut_off: None,
            fail_fast: up_to_failure,
            untrusted: false,
            batched: true,
            output: Output::Kept,
            starter: self.starter.clone(),
        };
        let mut recorder = Recorder { made: Vec::new(), last_end: Instant::now() };
        pool::carry_out(Plan::one_each(jobs), &settings, &mut recorder)?;
        Ok(recorder.made)
    }
}

/// Keeps what the figures need of each run.
struct Recorder {
    made: Vec<Made>,
    /// The end of the run before. Runs are made one at a time.
    last_end: Instant,
}

impl Observer for Recorder {
    fn next(&mut self, run: Run) {
        let real = self.last_end.elapsed();
        self.last_end = Instant::now();
        let cpu_seconds = match &run.outcome {
            Outcome::Reported(report) => report.cpu_seconds,
            Outcome::Lost(_) => real.as_secs_f64(),
        };
        let failure = Failure::of(&run).map(|(failure, _)| failure);
        self.made.push(Made {
            case: run.job.case,
            seed: run.job.seed,
            cpu_seconds,
            hung: failure.as_ref().is_some_and(Failure::hung),
            failure: failure.as_ref().map(of_failure),
        });
    }
}

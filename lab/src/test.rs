//! `lab test`: runs tests over seeds, and reports the results and the causes of failures.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use labrt::world::Backend;
use serde::Serialize;
use tester::filter::{Selection, SelectionError, select};
use tester::nemesis::FaultPlan;
use tester::replay::{Replay, build_id, is_default_solution};
use tester::{Case, seed};

use crate::args::TestArgs;
use crate::error::CommandError;
use crate::report::causes::{Cause, Recording};
use crate::report::failure::Failure;
use crate::report::files::ResultFile;
use crate::report::json::{self, About};
use crate::report::junit;
use crate::report::summary::{Summary, TestSummary};
use crate::report::terminal::{CAUSES_SHOWN, Terminal, count};
use crate::run::pool::MadeBefore;
use crate::run::{Analyse, Observer, Outcome, Output, PATIENCE, Plan, Record, Run, Settings, pool};
use crate::shard::times::{self, AllTimes, Machine};
use crate::tested::{Choice, Tested};
use crate::{
    Verdict, failures, findings, given_plan, interrupt, list, near, page, shard_of_tests, shrinking,
};

/// Runs the chosen tests on the solution that `choose_solution` gives. It is called once the arguments are
/// checked.
///
/// # Errors
///
/// The command cannot be carried out.
pub fn test(
    args: &TestArgs,
    choose_solution: impl FnOnce() -> Result<Choice, CommandError>,
) -> Result<Verdict, CommandError> {
    match args.shard {
        Some(shard) => shard_of_tests::make(args, shard, choose_solution),
        None => whole(args, None, choose_solution),
    }
}

/// Runs of a command that were made before, by its shards.
pub(crate) struct MadeByShards<'a> {
    /// The fault plan of all runs, if one was given.
    pub(crate) plan: Option<Arc<FaultPlan>>,
    /// The positions in the plan of the runs that no shard has made.
    pub(crate) missing: Vec<Range<u64>>,
    /// The others.
    pub(crate) made: Box<MadeBefore<'a>>,
    /// The machines that made them.
    pub(crate) machines: Vec<Machine>,
}

/// What a command runs, once its arguments are checked.
pub(crate) struct Prepared {
    pub(crate) cases: Vec<&'static Case>,
    pub(crate) tested: Tested,
    pub(crate) settings: Settings,
    /// The hash of the sources.
    pub(crate) build: String,
}

/// Checks the arguments, and chooses the solution; there is a verdict if it does not build. `given` is the
/// fault plan, if it is known without the file that the arguments name.
pub(crate) fn prepare(
    args: &TestArgs,
    given: Option<Arc<FaultPlan>>,
    advice: &'static str,
    choose_solution: impl FnOnce() -> Result<Choice, CommandError>,
) -> Result<Result<Prepared, Verdict>, CommandError> {
    let cases = choose(Selection { filters: &args.filters, skip: &args.skip, exact: args.exact })?;
    if args.no_capture {
        eprintln!(
            "note: `lab test` does not show what lab code prints; `cargo lab replay` shows it, with the log"
        );
    }
    if args.strict && args.backend.backend == Backend::Threads {
        return Err(CommandError::new(
            "--strict watches the events of simulated runs; leave out `--backend threads`",
        ));
    }
    let given = match given {
        Some(given) => Some(given),
        None => given_plan(args, &cases)?,
    };
    if args.coverage && args.backend.backend == Backend::Threads {
        return Err(CommandError::new(
            "--coverage watches the events of simulated runs; leave out `--backend threads`",
        ));
    }
    interrupt::watch(advice)?;
    let tested = match choose_solution()? {
        Ok(tested) => tested,
        Err(verdict) => return Ok(Err(verdict)),
    };
    // The time of `--for` begins after this.
    let build = build_id();
    let settings = settings(&tested, args, given);
    Ok(Ok(Prepared { cases, tested, settings, build }))
}

/// Makes all runs but those that shards have made, and reports all.
pub(crate) fn whole(
    args: &TestArgs,
    made: Option<MadeByShards<'_>>,
    choose_solution: impl FnOnce() -> Result<Choice, CommandError>,
) -> Result<Verdict, CommandError> {
    if args.list {
        list::print_table(choose(Selection { filters: &args.filters, skip: &args.skip, exact: args.exact })?);
        return Ok(Verdict::Passed);
    }
    let advice = "stopping; the results so far are printed, and written to the files that were asked for";
    let given = made.as_ref().and_then(|made| made.plan.clone());
    let Prepared { cases, tested, settings, build } = match prepare(args, given, advice, choose_solution)? {
        Ok(prepared) => prepared,
        Err(verdict) => return Ok(verdict),
    };
    let files = Files::open(args)?;
    let first_seed = args.seed.unwrap_or_else(seed::fresh);

    let plan = plan(args, &cases, first_seed);
    let name_width = cases.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let terminal = Terminal::new(&plan, name_width, settings.backend);
    let backend = match settings.backend {
        Backend::Simulation => "",
        Backend::Threads => ", on real threads",
    };
    let world = format!("{}, {}{backend}", tested.title, plural_jobs(settings.jobs));
    terminal.begin(cases.len(), &how_often(args), first_seed, &world);

    let replay = |failure: &Failure| replay_of(failure, &tested, &settings, &build);
    // A saved failure is replayed without further options.
    let is_saved = settings.backend == Backend::Simulation && !tested.is_submission();
    let command = |failure: &Failure| match settings.backend {
        Backend::Simulation => replay(failure).command_line() + &tested.options,
        Backend::Threads => in_simulation(failure, &tested),
    };
    let begin = Instant::now();
    let about = |finished| About {
        build: &build,
        backend: settings.backend,
        solution: &tested.title,
        policy: settings.policy.name(),
        first_seed,
        jobs: settings.jobs,
        wall: begin.elapsed(),
        measured: args.out.is_none(),
        finished,
    };
    // An error here occurs at the end, too, and is reported there.
    let save_so_far = |summary: &Summary| {
        if let Some(cause) = summary.causes.iter().next().filter(|_| is_saved) {
            let _ = replay(&cause.first).save();
            let _ = failures::save(summary.failures().map(replay));
        }
        let _ = files.write_so_far(summary, &about(false), &command);
    };
    let mut progress = Progress {
        terminal,
        summary: if args.coverage { Summary::with_coverage(&cases) } else { Summary::new(&cases) },
        runs: plan.runs(),
        all_runs: args.all_runs,
        save: &save_so_far,
        next_time: begin,
        last: None,
    };
    let machines = match made {
        None => {
            pool::carry_out(plan, &settings, &mut progress)?;
            Vec::new()
        }
        Some(MadeByShards { missing, mut made, machines, .. }) => {
            pool::carry_out_missing(plan, missing, &mut *made, &settings, &mut progress)?;
            machines
        }
    };
    let about = about(!interrupt::has_come());
    progress.show_interrupted();

    let Progress { terminal, mut summary, .. } = progress;
    // A plan that is given is played as it is.
    if settings.backend == Backend::Simulation && !args.no_shrink && args.plan.is_none() {
        shrinking::shrink_causes(&mut summary, &settings)?;
    }
    if !interrupt::has_come() {
        record_causes(&mut summary, &settings)?;
        page::write_pages(&mut summary, &settings, &tested.title, &command);
    }
    if settings.backend == Backend::Simulation && !args.strict && !interrupt::has_come() {
        findings::look(&mut summary, &settings)?;
    }
    if settings.backend == Backend::Simulation {
        save_plans(summary.causes.iter().take(CAUSES_SHOWN).map(|cause| replay(&cause.first)), &terminal);
    }
    if let Some(cause) = summary.causes.iter().next().filter(|_| is_saved) {
        save(&replay(&cause.first), &terminal);
        failures::save_and_report(summary.failures().map(replay), &terminal);
    }
    terminal.causes(&summary.causes, &|cause| command(&cause.first));
    terminal.findings(&summary, &|test, finding| {
        replay_of_run(test.case, finding.seed, &tested, &settings).command_line() + &tested.options
    });
    if let Some(coverage) = &summary.coverage {
        terminal.coverage(coverage);
    }
    terminal.total(&summary, about.wall);
    files.write(&summary, &about, &command)?;
    if let Some(out) = &args.out {
        write_times(out, &summary, machines, Machine::this(None, settings.jobs, about.wall))?;
    }
    let total = summary.total();
    Ok(if total.all_passed() { Verdict::Passed } else { Verdict::Failed })
}

/// The times of a test in `times.json`.
#[derive(Serialize)]
struct TestTime {
    name: &'static str,
    cpu_seconds: f64,
}

/// What was measured of all tests.
#[derive(Serialize)]
struct TestTimes {
    tests: Vec<TestTime>,
    cpu_seconds: f64,
}

/// Writes `times.json`. `machines` made the runs; `this` machine did if there are none.
fn write_times(
    out: &Path,
    summary: &Summary,
    mut machines: Vec<Machine>,
    this: Machine,
) -> Result<(), CommandError> {
    if machines.is_empty() {
        machines.push(this);
    }
    let of_test = |test: &TestSummary| TestTime { name: test.case.name, cpu_seconds: test.tally.cpu_seconds };
    let tests = summary.tests.iter().map(of_test).collect();
    AllTimes::new(machines, TestTimes { tests, cpu_seconds: summary.total().cpu_seconds }).write(out).map_err(
        |cause| CommandError::new(format!("cannot write {} into {}: {cause}", times::NAME, out.display())),
    )
}

/// The fault plan that the arguments give.
fn given_plan(args: &TestArgs, cases: &[&'static Case]) -> Result<Option<Arc<FaultPlan>>, CommandError> {
    match (&args.plan, cases) {
        (None, _) => Ok(None),
        (Some(file), [case]) => given_plan::load(file, case).map(Some),
        (Some(_), _) => Err(CommandError::new(format!(
            "--plan is for one test, and {} are chosen; give the name of the plan's test",
            cases.len()
        ))),
    }
}

pub(crate) fn plan(args: &TestArgs, cases: &[&'static Case], first_seed: u64) -> Plan {
    if args.until_failure || args.time.is_some() {
        Plan::endless(cases.to_vec(), first_seed)
    } else {
        Plan::new(cases.to_vec(), args.runs, first_seed)
    }
}

/// The number of runs, for the first line of the output: `20 runs each`, or `over and over for 10m until a
/// run fails`.
fn how_often(args: &TestArgs) -> String {
    if !args.until_failure && args.time.is_none() {
        return format!("{} each", count(u64::from(args.runs), "run"));
    }
    let time = args.time.map(|time| format!(" for {}", humantime::format_duration(time))).unwrap_or_default();
    let until = if args.until_failure { " until a run fails" } else { "" };
    format!("over and over{time}{until}")
}

/// The tests of a selection.
pub(crate) fn choose(selection: Selection<'_>) -> Result<Vec<&'static Case>, CommandError> {
    select(selection).map_err(|error| {
        let filter = match &error {
            SelectionError::Unknown { filter } | SelectionError::UnknownName { filter } => filter,
            SelectionError::NothingLeft => {
                return CommandError::new(format!("{error}; give fewer --skip, or other filters"));
            }
        };
        let names: Vec<&str> = tester::cases().iter().map(|case| case.name).collect();
        let near = near::names(filter, &names);
        let advice = if near.is_empty() {
            let mut parts: Vec<&str> = tester::cases().iter().map(|case| case.part).collect();
            parts.dedup();
            format!("give a part ({}) or what `cargo lab list` shows", parts.join(", "))
        } else {
            format!("did you mean {}?", near::either(&near))
        };
        CommandError::new(format!("{error}; {advice}"))
    })
}

fn settings(tested: &Tested, args: &TestArgs, plan: Option<Arc<FaultPlan>>) -> Settings {
    let backend = args.backend.backend;
    let cores =
        || std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    Settings {
        backend,
        // Tests measure time, so on real threads two at a time would disturb each other.
        jobs: args.jobs.unwrap_or_else(|| if backend == Backend::Threads { 1 } else { cores() }),
        solution: tested.solution,
        policy: args.policy,
        plan,
        shrink: false,
        record: Record::Nothing,
        analyse: match (args.strict, args.coverage) {
            (true, _) => Analyse::Strict,
            (false, true) => Analyse::All,
            (false, false) => Analyse::Failures,
        },
        patience: PATIENCE,
        wall_limit: args.backend.wall_limit(),
        cut_off: None,
        deadline: args.time.map(|time| Instant::now() + time),
        fail_fast: args.fail_fast || args.until_failure,
        untrusted: false,
        output: Output::Kept,
        starter: tested.starter.clone(),
    }
}

fn plural_jobs(jobs: u32) -> String {
    if jobs == 1 { "1 job".to_owned() } else { format!("{jobs} jobs") }
}

/// The command that looks in simulation for a failure that occurred on real threads.
fn in_simulation(failure: &Failure, tested: &Tested) -> String {
    let solution = match tested.solution {
        _ if tested.is_submission() => tested.options.clone(),
        name if is_default_solution(name) => String::new(),
        name => format!(" --solution {name}"),
    };
    format!("cargo lab test {} --runs 1000{solution}", failure.case.name)
}

/// The saved form of a failure, from which its run can be repeated.
fn replay_of(failure: &Failure, tested: &Tested, settings: &Settings, build: &str) -> Replay {
    Replay {
        build: build.to_owned(),
        fingerprint: failure.fingerprint,
        kind: failure.kind.clone(),
        message: failure.message.clone(),
        plan: failure.plan.as_deref().cloned(),
        ..replay_of_run(failure.case, failure.seed, tested, settings)
    }
}

/// The data from which a run can be repeated, without its outcome.
fn replay_of_run(case: &Case, seed: u64, tested: &Tested, settings: &Settings) -> Replay {
    // A submission is chosen by other options.
    let solution = if tested.is_submission() { "own" } else { tested.solution };
    Replay {
        test: case.name.to_owned(),
        seed,
        backend: settings.backend.to_string(),
        solution: solution.to_owned(),
        policy: settings.policy.to_string(),
        strict: settings.analyse == Analyse::Strict,
        plan: settings.plan.as_deref().cloned(),
        ..Replay::default()
    }
}

/// Writes the fault plans that the commands of these failures name.
fn save_plans(replays: impl Iterator<Item = Replay>, terminal: &Terminal) {
    for replay in replays {
        if let Err(cause) = replay.save_plan() {
            terminal.line(&format!("warning: the fault plan of {} is not saved: {cause}", replay.test));
        }
    }
}

fn save(replay: &Replay, terminal: &Terminal) {
    if let Err(cause) = replay.save() {
        // The command to replay it is printed anyway.
        terminal.line(&format!("warning: the failure is not saved: {cause}"));
    }
}

/// Counts runs, prints each test when all of its runs have ended, and saves the results so far, in case the
/// command is killed.
struct Progress<'a> {
    terminal: Terminal,
    summary: Summary,
    /// Runs of each test; `None` if the plan has no end.
    runs: Option<u64>,
    /// Whether a test is run again that failed 20 times for the same cause.
    all_runs: bool,
    /// Saves the results so far.
    save: &'a dyn Fn(&Summary),
    /// The time of the next call of `save`.
    next_time: Instant,
    /// The test of the last run.
    last: Option<&'static Case>,
}

/// The shortest time between two saves of the results.
const SAVE_INTERVAL: Duration = Duration::from_millis(250);

/// The time between two saves is at least so many times that of a save.
const SAVE_FACTOR: u32 = 20;

impl Observer for Progress<'_> {
    fn ended(&mut self, passed: bool) {
        self.terminal.count(passed);
    }

    fn next(&mut self, run: Run) {
        let case = run.job.case;
        if self.summary.test(case).not_made > 0 {
            // It began before the others were left out, and how many did depends on the number of jobs.
            return;
        }
        self.summary.add(&run);
        if let Some(runs) = self.runs.filter(|_| !self.all_runs) {
            self.summary.leave_out_hopeless(case, runs);
        }
        let test = self.summary.test(case);
        if Some(test.tally.runs + test.not_made) == self.runs {
            self.terminal.test(test);
        }
        let begin = Instant::now();
        if begin >= self.next_time {
            (self.save)(&self.summary);
            self.next_time = Instant::now() + SAVE_INTERVAL.max(begin.elapsed() * SAVE_FACTOR);
        }
        self.last = Some(case);
    }

    fn has_seen_enough(&self) -> bool {
        self.last.is_some_and(|case| self.summary.test(case).not_made > 0)
    }
}

impl Progress<'_> {
    /// Prints the tests of which some runs are missing, because a run failed or the time was up.
    fn show_interrupted(&self) {
        for test in &self.summary.tests {
            if test.not_made == 0 && (1..self.runs.unwrap_or(u64::MAX)).contains(&test.tally.runs) {
                self.terminal.test(test);
            }
        }
    }
}

/// Repeats the first failure of each cause that is shown, for its log.
fn record_causes(summary: &mut Summary, settings: &Settings) -> Result<(), CommandError> {
    for cause in summary.causes.iter_mut().take(CAUSES_SHOWN) {
        // A process that died or hung leaves no log, however often the run is repeated.
        if cause.first.origin.is_none() {
            continue;
        }
        if settings.backend == Backend::Threads {
            // The run cannot be repeated, so its log was recorded the first time.
            let log = std::mem::take(&mut cause.evidence.log);
            cause.recording = Some(Recording::of(&cause.first, &log, cause.first.fingerprint));
            continue;
        }
        let analyse = if settings.analyse == Analyse::Strict { Analyse::Strict } else { Analyse::Nothing };
        let plan = cause.first.plan.clone();
        let settings =
            Settings { plan, record: Record::End, analyse, jobs: 1, deadline: None, ..settings.clone() };
        let mut recorder = Recorder { cause };
        pool::carry_out(
            Plan::single(recorder.cause.first.case, recorder.cause.first.seed),
            &settings,
            &mut recorder,
        )?;
    }
    Ok(())
}

struct Recorder<'a> {
    cause: &'a mut Cause,
}

impl Observer for Recorder<'_> {
    fn next(&mut self, run: Run) {
        if let Outcome::Reported(report) = run.outcome {
            let recording = Recording::of(&self.cause.first, &report.log, report.fingerprint);
            self.cause.recording = Some(recording);
        }
    }
}

/// The files for results that were asked for.
struct Files {
    json: Option<ResultFile>,
    junit: Option<ResultFile>,
}

impl Files {
    fn open(args: &TestArgs) -> Result<Self, CommandError> {
        if let (Some(json), Some(junit)) = (&args.json, &args.junit)
            && json == junit
        {
            return Err(CommandError::new("--json and --junit name the same file; give two"));
        }
        if let Some(out) = &args.out {
            // Before the runs, so that a folder that cannot be made is refused at once.
            std::fs::create_dir_all(out).map_err(|cause| {
                CommandError::new(format!("cannot create the folder --out {}: {cause}", out.display()))
            })?;
        }
        Ok(Self {
            json: ResultFile::open("--json", args.json.as_deref())?,
            junit: ResultFile::open("--junit", args.junit.as_deref())?,
        })
    }

    fn write(
        &self,
        summary: &Summary,
        about: &About<'_>,
        replay: &dyn Fn(&Failure) -> String,
    ) -> Result<(), CommandError> {
        if let Some(file) = &self.json {
            file.write(&json::text(summary, about, &|cause| replay(&cause.first)))?;
        }
        if let Some(file) = &self.junit {
            file.write(&junit::text(summary, about.measured, replay))?;
        }
        Ok(())
    }

    /// Writes the results so far into the files that can be replaced later.
    fn write_so_far(
        &self,
        summary: &Summary,
        about: &About<'_>,
        replay: &dyn Fn(&Failure) -> String,
    ) -> Result<(), CommandError> {
        if let Some(file) = self.json.as_ref().filter(|file| file.can_be_replaced()) {
            file.write(&json::text(summary, about, &|cause| replay(&cause.first)))?;
        }
        if let Some(file) = self.junit.as_ref().filter(|file| file.can_be_replaced()) {
            file.write(&junit::text(summary, about.measured, replay))?;
        }
        Ok(())
    }
}

//! `lab test --shard I/N`: makes a part of the runs, and writes them into a file for `lab merge`.
//!
//! # Early ends
//!
//! A shard ends early what the whole command would, as far as it can tell from its own runs, which follow one
//! another within each test.
//!
//! - `--fail-fast`: the shard stops at its first failure in the plan's order. The first failure of all shards
//!   is that one or an earlier one, so the whole command makes no run after it.
//! - An explanation is *settled* after 20 failures in a row that are alike. The same 20 are in a row in the
//!   whole command, so it is settled there by then. What explains it there is found when shards are merged.
//! - A test is *hopeless* if no run has passed and the last 20 failed for the same cause. The shard does not
//!   know the runs before its own: if one of them passed, the whole command goes on. So the shard may stop
//!   too early, and `lab merge` makes the runs that are missing then. This is rare, since a test whose runs
//!   mostly fail for one cause mostly has no run that passes. The other way, to make all runs in case that an
//!   earlier one passed, would let a solution that is plainly wrong take longer on many machines than on one.

use std::io;
use std::time::Instant;

use labreport::shell;
use labreport::text::visible;
use labrt::world::{Backend, Policy};
use serde::{Deserialize, Serialize};
use tester::nemesis::FaultPlan;
use tester::{Case, seed};

use crate::args::{BackendArgs, TestArgs};
use crate::error::CommandError;
use crate::report::summary::Summary;
use crate::report::terminal::count;
use crate::run::{Analyse, Observer, Run, pool};
use crate::shard::Shard;
use crate::shard::file::Writer;
use crate::shard::folder::Folder;
use crate::shard::stored_run::StoredRun;
use crate::shard::times::{Machine, Times};
use crate::shard::work::Work;
use crate::test::{Prepared, plan, prepare};
use crate::tested::Choice;
use crate::{Verdict, interrupt};

/// The name of the command in [`Work::command`].
pub(crate) const COMMAND: &str = "test";

/// What decides the results besides version and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestSettings {
    /// The arguments of `lab test`, without what affects no result.
    pub(crate) arguments: Vec<String>,
    /// The names of the tests, in their order.
    pub(crate) tests: Vec<String>,
    /// The content of the file of `--plan`.
    pub(crate) plan: Option<FaultPlan>,
}

/// Makes the runs of a shard, and writes their results. It passes if the work is done, whatever the verdicts
/// of the runs.
pub(crate) fn make(
    args: &TestArgs,
    shard: Shard,
    choose_solution: impl FnOnce() -> Result<Choice, CommandError>,
) -> Result<Verdict, CommandError> {
    let Some(out) = &args.out else {
        return Err(CommandError::new("--shard needs --out DIR, the same folder for all shards"));
    };
    let Some(first_seed) = args.seed else {
        return Err(CommandError::new(
            "--shard needs --seed S, the same for all shards, which divide the runs over its seeds",
        ));
    };
    if args.backend.backend == Backend::Threads {
        return Err(CommandError::new(
            "--shard is for simulated runs, which are equal on all machines; leave out `--backend threads`",
        ));
    }
    let advice = "stopping; this shard has no results, and the same command makes it again";
    let Prepared { cases, tested, settings, build } = match prepare(args, None, advice, choose_solution)? {
        Ok(prepared) => prepared,
        Err(verdict) => return Ok(verdict),
    };
    let work = work(args, first_seed, shard, &cases, settings.plan.as_deref(), build);
    let folder = Folder::of_work(out, &work)?;
    let path = folder.results(shard);
    let shown = visible(&path.display().to_string());
    if folder.has(shard, &work)? {
        println!("shard {shard} is done: {shown} has its results");
        return Ok(Verdict::Passed);
    }
    let begin = Instant::now();
    let whole = plan(args, &cases, first_seed);
    let positions = whole.of_shard(shard);
    let lengths = positions.iter().map(|range| range.end - range.start).collect();
    let part = whole.only(positions);
    println!(
        "shard {shard}: {} of {}, first seed {}, {}",
        count(part.length().unwrap_or(0), "run"),
        count(cases.len() as u64, "test"),
        seed::format(first_seed),
        tested.title
    );
    let mut recorder = Recorder {
        summary: Summary::new(&cases),
        planned: Planned { cases, lengths },
        are_watched: matches!(settings.analyse, Analyse::All | Analyse::Strict),
        all_runs: args.all_runs,
        writer: folder.begin(shard, &work)?,
        cpu_seconds: Vec::new(),
        last: None,
        failed: None,
    };
    pool::carry_out(part, &settings, &mut recorder)?;
    if interrupt::has_come() {
        // The draft is removed.
        return Ok(Verdict::Failed);
    }
    let Recorder { summary, writer, cpu_seconds, failed, .. } = recorder;
    if let Some(cause) = failed {
        return Err(folder.cannot_write(&cause));
    }
    let machine = Machine::this(Some(shard), settings.jobs, begin.elapsed());
    // First, so that complete results have their times.
    Times::new(machine, cpu_seconds)
        .write(&folder.times(shard))
        .and_then(|()| writer.finish())
        .map_err(|cause| folder.cannot_write(&cause))?;
    let total = summary.total();
    let not_made = match summary.not_made() {
        0 => String::new(),
        runs => format!(", {runs} not made"),
    };
    println!("{} passed, {} failed{not_made}: {shown}", total.passed, total.runs - total.passed);
    Ok(Verdict::Passed)
}

/// The work that is divided.
fn work(
    args: &TestArgs,
    first_seed: u64,
    shard: Shard,
    cases: &[&'static Case],
    plan: Option<&FaultPlan>,
    build: String,
) -> Work {
    let arguments = arguments(args, first_seed);
    let line: Vec<String> = arguments.iter().map(shell::word).collect();
    let settings = TestSettings {
        arguments,
        tests: cases.iter().map(|case| case.name.to_owned()).collect(),
        plan: plan.cloned(),
    };
    Work {
        command: COMMAND.to_owned(),
        line: line.join(" "),
        build,
        first_seed: seed::format(first_seed),
        shards: shard.of(),
        settings: serde_json::to_value(settings).expect("texts, numbers and lists have a JSON form"),
    }
}

/// The arguments that decide the results, in one order.
fn arguments(args: &TestArgs, first_seed: u64) -> Vec<String> {
    // Every option is named, so that a new one is not forgotten here.
    let TestArgs {
        filters,
        skip,
        exact,
        list: _,
        seed: _,
        runs,
        until_failure: _,
        time: _,
        jobs: _,
        fail_fast,
        all_runs,
        strict,
        coverage,
        shard: _,
        solution,
        policy,
        plan,
        no_shrink,
        backend: backend @ BackendArgs { .. },
        json: _,
        junit: _,
        out: _,
        no_capture: _,
    } = args;
    let mut arguments = filters.clone();
    let mut add = |option: &str, value: Option<String>| {
        arguments.push(option.to_owned());
        arguments.extend(value);
    };
    for filter in skip {
        add("--skip", Some(filter.clone()));
    }
    add("--seed", Some(seed::format(first_seed)));
    add("--runs", Some(runs.to_string()));
    for (option, is_set) in [
        ("--exact", exact),
        ("--fail-fast", fail_fast),
        ("--all-runs", all_runs),
        ("--strict", strict),
        ("--coverage", coverage),
        ("--no-shrink", no_shrink),
    ] {
        if *is_set {
            add(option, None);
        }
    }
    if let Some(solution) = solution {
        add("--solution", Some(solution.clone()));
    }
    if *policy != Policy::default() {
        add("--policy", Some(policy.name().to_owned()));
    }
    if let Some(plan) = plan {
        add("--plan", Some(plan.to_string_lossy().into_owned()));
    }
    if let Some(limit) = backend.given_wall_limit() {
        add("--wall-limit", Some(limit.as_secs_f64().to_string()));
    }
    arguments
}

/// The runs that a shard makes at most.
struct Planned {
    cases: Vec<&'static Case>,
    /// The number of runs of each test.
    lengths: Vec<u64>,
}

impl Planned {
    fn of(&self, case: &Case) -> u64 {
        let place = self.cases.iter().position(|it| it.name == case.name);
        place.map_or(0, |place| self.lengths[place])
    }
}

/// Writes runs into the file of a shard.
struct Recorder {
    /// The runs of this shard, to tell which tests are hopeless.
    summary: Summary,
    planned: Planned,
    /// Whether all runs are watched.
    are_watched: bool,
    /// Whether a test is run again that failed 20 times for the same cause.
    all_runs: bool,
    writer: Writer,
    cpu_seconds: Vec<f64>,
    /// The test of the last run.
    last: Option<&'static Case>,
    /// The error of writing.
    failed: Option<io::Error>,
}

impl Observer for Recorder {
    fn next(&mut self, run: Run) {
        let case = run.job.case;
        self.last = Some(case);
        if self.failed.is_some() || self.summary.test(case).not_made > 0 {
            // It began before the others were left out, and how many did depends on the number of jobs.
            return;
        }
        self.summary.add(&run);
        if !self.all_runs {
            self.summary.leave_out_hopeless(case, self.planned.of(case));
        }
        let (stored, cpu_seconds) = StoredRun::of(run, self.are_watched);
        self.cpu_seconds.push(cpu_seconds);
        self.failed = self.writer.item(&stored).err();
    }

    fn has_seen_enough(&self) -> bool {
        self.failed.is_some() || self.last.is_some_and(|case| self.summary.test(case).not_made > 0)
    }
}

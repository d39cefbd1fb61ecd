//! `lab grade --shard I/N`, and what `lab merge` makes of its results.
//!
//! A submission is graded by one shard, so it is built once. The shard grades its submissions as the command
//! without shards does, in a folder of results of its own, and writes what is in there into its file. If it
//! is ended before, that folder stays, and the same command goes on in it. Merging writes the same files from
//! all shards into one folder of results.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use lab::Verdict;
use lab::args::MergeArgs;
use lab::error::CommandError;
use lab::interrupt;
use lab::shard::Shard;
use lab::shard::file::{Reader, Unreadable};
use lab::shard::folder::{Complete, Folder};
use lab::shard::times::{AllTimes, Machine, Times};
use lab::shard::work::Work;
use labreport::shell;
use labreport::text::visible;
use serde::{Deserialize, Serialize};
use tester::replay::build_id;
use tester::seed;

use crate::args::GradeArgs;
use crate::build_env::BuildEnv;
use crate::hash::Fnv;
use crate::report::{Graded, Outcome};
use crate::submission::{Limits, SourceFile, digest, read};

use super::checkpoint::Checkpoint;
use super::progress::Progress;
use super::results_dir::{self, ResultsDir, Wanted};
use super::{
    grading, named, read_rubric, side_by_side, submission_index, verdict, write_result, write_scores,
};

/// The name of the command in [`Work::command`].
pub(crate) const COMMAND: &str = "grade";

/// What decides the results besides version and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeSettings {
    /// The names of the submissions, in their order.
    submissions: Vec<String>,
    /// Those of the folder of results.
    results: Wanted,
    /// The framework, the reference and the compiler.
    base: String,
    /// A hash of the rubric.
    rubric: String,
}

/// A graded submission in the file of a shard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: String,
    /// Tells whether the submission has changed since.
    digest: String,
    graded: Graded,
    checkpoint: Option<Checkpoint>,
    /// The files that were graded; none if it was refused.
    sources: Option<Vec<SourceFile>>,
}

/// The beginning of an item.
#[derive(Debug, Deserialize)]
struct Brief {
    name: String,
    digest: String,
    graded: BriefGraded,
}

#[derive(Debug, Deserialize)]
struct BriefGraded {
    folder: String,
}

/// What merging writes into `times.json`.
#[derive(Serialize)]
struct GradeTimes {
    submissions: Vec<GradeTime>,
}

/// The time of a submission.
#[derive(Serialize)]
struct GradeTime {
    name: String,
    /// Real seconds, of the building, too.
    wall_seconds: f64,
}

/// Grades the submissions of a shard. It passes if the work is done, whatever they score. If one could not be
/// graded, through no fault of its own, there are no results: the machine is to blame.
pub(super) fn grade(args: &GradeArgs, shard: Shard) -> Result<Verdict, CommandError> {
    let Some(first_seed) = args.seed else {
        return Err(CommandError::new(
            "--shard needs --seed S, the same for all shards: submissions must have the same seeds",
        ));
    };
    let all = named(args)?;
    let rubric = read_rubric(args)?;
    interrupt::watch("stopping; this shard has no results, and the same command continues where it stopped")?;
    let build = build_id();
    let build_env = BuildEnv::open(args.cache.as_deref(), args.no_sandbox)?;
    let work = work(args, first_seed, shard, &all, build_env.base().id(), build)?;
    let folder = Folder::of_work(&args.out, &work)?;
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let own: Vec<(String, PathBuf)> =
        shard.piece(count, 0).filter_map(|place| all.get(usize::try_from(place).ok()?).cloned()).collect();
    let digests: Vec<String> = own.iter().map(|(_, folder)| digest_of(folder)).collect();
    let path = folder.results(shard);
    let shown = visible(&path.display().to_string());
    if folder.has(shard, &work)? && are_of(&path, &own, &digests)? {
        println!("shard {shard} is done: {shown} has its results");
        return Ok(Verdict::Passed);
    }
    println!("shard {shard}: {} of {} submissions", own.len(), all.len());

    let begin = Instant::now();
    let workspace = folder.workspace(shard);
    let results = ResultsDir::open(&workspace)?.begin(&Wanted::of(args), build_env.base().id())?;
    let own = submission_index::name_folders(&results, own)?;
    let grading = grading(args, build_env, results, rubric, own.len());
    let complete = grading.results.own("complete");
    let file = |name: &str| complete.join(format!("{name}.json"));
    let seconds: Mutex<Vec<(String, f64)>> = Mutex::default();
    let rows = side_by_side(&grading, &own, &|graded, took| {
        seconds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((graded.name.clone(), took.as_secs_f64()));
        results_dir::write(&file(&graded.name), graded)
            .map_err(|cause| CommandError::new(format!("cannot write {}: {cause}", complete.display())))
    })?;
    if interrupt::has_come() {
        return Ok(Verdict::Failed);
    }
    for row in &rows {
        if let Outcome::NotGraded(why) = &row.outcome {
            return Err(CommandError::new(format!(
                "{} could not be graded, through no fault of its own: {why}; the same command tries again",
                row.name
            )));
        }
    }
    let mut writer = folder.begin(shard, &work)?;
    for ((name, _), digest) in own.iter().zip(digests) {
        let Some(graded) = results_dir::read::<Graded>(&file(name))? else {
            return Err(CommandError::new(format!("{} was removed meanwhile", file(name).display())));
        };
        let checkpoint = Checkpoint::kept(&grading.results, name)?;
        let sources = submission_index::kept_sources(&grading.results, name)?;
        let item = Item { name: name.clone(), digest, graded, checkpoint, sources };
        writer.item(&item).map_err(|cause| folder.cannot_write(&cause))?;
    }
    let seconds = seconds.into_inner().unwrap_or_else(PoisonError::into_inner);
    let of = |name: &str| seconds.iter().find(|(it, _)| it == name).map_or(0.0, |(_, seconds)| *seconds);
    let machine = Machine::this(Some(shard), grading.shares.jobs, begin.elapsed());
    // First, so that complete results have their times.
    Times::new(machine, own.iter().map(|(name, _)| of(name)).collect())
        .write(&folder.times(shard))
        .and_then(|()| writer.finish())
        .map_err(|cause| folder.cannot_write(&cause))?;
    drop(grading);
    // All that is in there is in the file.
    let _ = fs::remove_dir_all(&workspace);
    println!("{} submissions are graded: {shown}", own.len());
    Ok(Verdict::Passed)
}

/// The work that is divided.
fn work(
    args: &GradeArgs,
    first_seed: u64,
    shard: Shard,
    all: &[(String, PathBuf)],
    base: &str,
    build: String,
) -> Result<Work, CommandError> {
    let mut rubric = Fnv::new();
    if let Some(file) = &args.rubric {
        let text = fs::read(file).map_err(|cause| {
            CommandError::new(format!("cannot read the rubric {}: {cause}", file.display()))
        })?;
        rubric.field(&text);
    }
    let settings = GradeSettings {
        submissions: all.iter().map(|(name, _)| name.clone()).collect(),
        results: Wanted::of(args),
        base: base.to_owned(),
        rubric: rubric.to_string(),
    };
    Ok(Work {
        command: COMMAND.to_owned(),
        line: line(args, first_seed),
        build,
        first_seed: seed::format(first_seed),
        shards: shard.of(),
        settings: serde_json::to_value(settings).map_err(|cause| CommandError::new(cause.to_string()))?,
    })
}

/// The arguments that decide the results, as a line for a shell.
fn line(args: &GradeArgs, first_seed: u64) -> String {
    // Every option is named, so that a new one is not forgotten here.
    let GradeArgs {
        submissions,
        out: _,
        shard: _,
        again: _,
        rubric,
        runs,
        seed: _,
        jobs: _,
        wall_limit,
        time_limit,
        cache: _,
        despite_rules,
        no_sandbox,
    } = args;
    let mut words: Vec<String> = submissions.iter().map(shell::word).collect();
    words.push(format!("--seed {} --runs {runs}", seed::format(first_seed)));
    words.extend(rubric.iter().map(|file| format!("--rubric {}", shell::word(file))));
    words.push(format!("--wall-limit {}", wall_limit.as_secs_f64()));
    words.extend(time_limit.iter().map(|limit| {
        format!(
            "--time-limit {}",
            shell::word(humantime::format_duration(*limit).to_string().replace(' ', ""))
        )
    }));
    words.extend(despite_rules.then(|| "--despite-rules".to_owned()));
    words.extend(no_sandbox.then(|| "--no-sandbox".to_owned()));
    words.join(" ")
}

/// Tells whether the files of a submission that are graded have changed.
fn digest_of(folder: &Path) -> String {
    match read(folder, &Limits::default()) {
        Ok(staged) => digest(&staged.files),
        Err(refusals) => {
            let mut hash = Fnv::new();
            refusals.iter().for_each(|refusal| hash.field(refusal.to_string().as_bytes()));
            format!("refused {hash}")
        }
    }
}

/// Whether results are of these submissions as they are now.
fn are_of(path: &Path, own: &[(String, PathBuf)], digests: &[String]) -> Result<bool, CommandError> {
    let mut kept = Vec::new();
    let reader = Reader::open(path).map_err(|cause| unreadable(path, &cause))?;
    reader
        .each(|Brief { name, digest, .. }| kept.push((name, digest)))
        .map_err(|cause| unreadable(path, &cause))?;
    Ok(own.iter().map(|(name, _)| name).zip(digests).eq(kept.iter().map(|(name, digest)| (name, digest))))
}

fn unreadable(path: &Path, cause: &Unreadable) -> CommandError {
    CommandError::new(format!("cannot merge {}: {cause}; run its shard again", path.display()))
}

/// Writes the results of all shards into the folder that they are in.
pub(crate) fn merge(args: &MergeArgs, folder: &Folder, complete: &Complete) -> Result<Verdict, CommandError> {
    if args.json.is_some() || args.junit.is_some() {
        return Err(CommandError::new(
            "--json and --junit are for `lab test`; the results of a grading are files in DIR",
        ));
    }
    let settings: GradeSettings = serde_json::from_value(complete.work.settings.clone())
        .map_err(|cause| CommandError::new(format!("the shards are of another version: {cause}")))?;
    let begin = Instant::now();
    let mut paths = Vec::new();
    let mut machines = Vec::new();
    let mut seconds = Vec::new();
    let shards = (1..=complete.work.shards).filter_map(|number| Shard::new(number, complete.work.shards));
    for (shard, path) in shards.zip(&complete.files) {
        let before = paths.len();
        let reader = Reader::open(path).map_err(|cause| unreadable(path, &cause))?;
        reader
            .each(|it: Brief| paths.push((it.name, it.graded.folder)))
            .map_err(|cause| unreadable(path, &cause))?;
        match Times::<f64>::read(&folder.times(shard), paths.len() - before) {
            Some(times) => {
                machines.push(Machine { shard: Some(shard), ..times.machine });
                seconds.extend(times.items.into_iter().map(Some));
            }
            None => seconds.resize(paths.len(), None),
        }
    }
    if !paths.iter().map(|(name, _)| name).eq(&settings.submissions) {
        return Err(CommandError::new("the shards have other submissions than their command"));
    }
    interrupt::watch("stopping; `lab merge` can be repeated")?;
    let results = ResultsDir::open(folder.out())?.begin(&settings.results, &settings.base)?;
    let mut names = submission_index::name_paths(&results, paths)?.into_iter();
    let progress = Progress::new();
    let mut rows = Vec::new();
    for path in &complete.files {
        let mut reader = Reader::open(path).map_err(|cause| unreadable(path, &cause))?;
        while let Some(item) = reader.item::<Item>().map_err(|cause| unreadable(path, &cause))? {
            if interrupt::has_come() {
                return Ok(Verdict::Failed);
            }
            let name = names.next().unwrap_or(item.name);
            let graded = Graded { name, ..item.graded };
            if let Some(sources) = &item.sources {
                submission_index::keep_sources(&results, &graded.name, sources)?;
            }
            if let Some(checkpoint) = &item.checkpoint {
                checkpoint.save(&results, &graded.name)?;
            }
            progress.graded(&graded);
            rows.push(write_result(&results, graded)?);
        }
    }
    write_scores(&results)?;
    let of_row = |(row, seconds): (&Graded, &Option<f64>)| {
        Some(GradeTime { name: row.name.clone(), wall_seconds: (*seconds)? })
    };
    let submissions = rows.iter().zip(&seconds).filter_map(of_row).collect();
    machines.extend(machines.is_empty().then(|| Machine::this(None, 1, begin.elapsed())));
    AllTimes::new(machines, GradeTimes { submissions })
        .write(folder.out())
        .map_err(|cause: io::Error| folder.cannot_write(&cause))?;
    progress.end(&rows, folder.out());
    Ok(verdict(&rows))
}

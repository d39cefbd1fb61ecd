//! `lab grade`: scores and reports for submissions.
//!
//! This process is trusted: it reads the submissions, writes results, and runs no code of a submission.
//! Submissions are built and run by other processes, in a sandbox.
//!
//! - [`checkpoint`]: the stored results of a submission, so that no work is repeated;
//! - [`results_dir`]: the folder of results, and its settings, such as seed and runs;
//! - [`submission_index`]: other stored data of submissions: their folders, sources and table rows;
//! - [`submission`]: one submission, from its files to its runs;
//! - [`judge`]: the decision whether a submission is graded, from its source and its artifacts;
//! - [`runs`]: its runs, test by test;
//! - [`evidence`]: runs that are made again, and their events checked;
//! - [`scoring`]: the score of a checkpoint;
//! - [`stored`]: the results of an earlier grading;
//! - [`progress`]: the progress display;
//! - [`shards`]: `lab grade --shard`, and the merging of its results.

mod checkpoint;
pub(crate) mod evidence;
mod judge;
mod progress;
mod results_dir;
mod runs;
mod scoring;
pub(crate) mod shards;
pub(crate) mod stored;
mod submission;
mod submission_index;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::report;
use crate::report::{Graded, Outcome};
use crate::rubric::{self, KnownTest, Rubric};
use crate::submission::names;

use crate::args::GradeArgs;
use crate::build_env::BuildEnv;
use lab::Verdict;
use lab::error::CommandError;
use lab::interrupt;
use progress::Progress;
pub(crate) use results_dir::fresh_seed;
use results_dir::{ResultsDir, Wanted};

/// Reserved names in the folder of results.
const RESERVED: [&str; 6] = [
    "scores.csv",
    "leaderboard.html",
    results_dir::FOLDER,
    crate::on::FOLDER,
    lab::shard::folder::NAME,
    lab::shard::times::NAME,
];

/// The context shared by all submissions.
struct Grading {
    build_env: BuildEnv,
    results: ResultsDir,
    rubric: Rubric,
    progress: Progress,
    /// Whether submissions that break rules are graded.
    despite_rules: bool,
    /// The limit on the real time of a submission.
    time_limit: Option<Duration>,
    shares: Shares,
}

impl Grading {
    /// Writes the reports of a submission.
    fn report(&self, graded: &Graded) -> Result<(), CommandError> {
        write_reports(&self.results, graded)
    }
}

/// Writes the reports of a submission.
fn write_reports(results: &ResultsDir, graded: &Graded) -> Result<(), CommandError> {
    let to = results.out().join(&graded.name);
    fs::create_dir_all(&to)
        .and_then(|()| report::write(graded, &to))
        .map_err(|cause| CommandError::new(format!("cannot write into {}: {cause}", to.display())))
}

/// Writes the reports of a submission and its row of the table, and returns the row.
fn write_result(results: &ResultsDir, graded: Graded) -> Result<Graded, CommandError> {
    write_reports(results, &graded)?;
    let row = submission_index::row(graded);
    submission_index::keep_row(results, &row)?;
    Ok(row)
}

/// Writes the table of all submissions.
fn write_scores(results: &ResultsDir) -> Result<(), CommandError> {
    report::write_scores(&submission_index::rows(results)?, &results.out().join("scores.csv"))
        .map_err(|cause| CommandError::new(format!("cannot write scores.csv: {cause}")))
}

/// The verdict of a command that has graded these.
fn verdict(graded: &[Graded]) -> Verdict {
    let failed = graded.iter().any(|it| matches!(it.outcome, Outcome::NotGraded(_)));
    if failed { Verdict::Failed } else { Verdict::Passed }
}

/// The parallel jobs, and the number of submissions that share them.
struct Shares {
    /// Parallel runs, of all submissions together.
    jobs: u32,
    /// Submissions that are being graded or about to start.
    active: AtomicUsize,
}

impl Shares {
    /// At most `jobs` of the submissions are graded at once. They are all counted from the beginning, so that
    /// the first one does not take the share of the others.
    fn new(jobs: u32, submissions: usize) -> Self {
        Self { jobs, active: AtomicUsize::new(submissions.min(jobs as usize)) }
    }

    /// The share of one submission.
    fn one(&self) -> u32 {
        let active = u32::try_from(self.active.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        (self.jobs / active.max(1)).max(1)
    }

    /// Called when one of the sharing threads has no submission left.
    fn leave(&self) {
        self.active.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Grades the submissions that were given, or a shard of them.
pub(crate) fn grade(args: &GradeArgs) -> Result<Verdict, CommandError> {
    if let Some(shard) = args.shard {
        return shards::grade(args, shard);
    }
    let submissions = named(args)?;
    let rubric = read_rubric(args)?;
    let results = ResultsDir::open(&args.out)?;
    interrupt::watch("stopping; the same command continues where it stopped")?;
    let build_env = BuildEnv::open(args.cache.as_deref(), args.no_sandbox)?;
    let results = results.begin(&Wanted::of(args), build_env.base().id())?;
    let all = submission_index::name_folders(&results, submissions)?;
    let grading = grading(args, build_env, results, rubric, all.len());
    let graded = side_by_side(&grading, &all, &|_, _| Ok(()))?;
    write_scores(&grading.results)?;
    grading.progress.end(&graded, &args.out);
    Ok(verdict(&graded))
}

/// The submissions that were given, with their names. None of them has the folder of results in it.
fn named(args: &GradeArgs) -> Result<Vec<(String, PathBuf)>, CommandError> {
    let names = names(&args.submissions, &RESERVED).map_err(|error| CommandError::new(error.to_string()))?;
    for folder in &args.submissions {
        results_dir::refuse_inside(&args.out, folder)?;
    }
    Ok(names.into_iter().zip(args.submissions.iter().cloned()).collect())
}

fn grading(
    args: &GradeArgs,
    build_env: BuildEnv,
    results: ResultsDir,
    rubric: Rubric,
    submissions: usize,
) -> Grading {
    let cores = std::thread::available_parallelism().map_or(1, |it| u32::try_from(it.get()).unwrap_or(1));
    let jobs = args.jobs.unwrap_or(cores);
    Grading {
        build_env,
        results,
        rubric,
        progress: Progress::new(),
        despite_rules: args.despite_rules,
        time_limit: args.time_limit,
        shares: Shares::new(jobs, submissions),
    }
}

/// Receives a graded submission, and the real time that it took.
type OnGraded<'a> = dyn Fn(&Graded, Duration) -> Result<(), CommandError> + Sync + 'a;

/// Grades all submissions, several in parallel, and returns their table rows in order. Each is passed to
/// `on_graded` first.
fn side_by_side(
    grading: &Grading,
    all: &[(String, PathBuf)],
    on_graded: &OnGraded<'_>,
) -> Result<Vec<Graded>, CommandError> {
    let next = AtomicUsize::new(0);
    let graded: Mutex<Vec<Option<Graded>>> = Mutex::new(vec![None; all.len()]);
    let threads = all.len().min(grading.shares.jobs as usize);
    let work = || -> Result<(), CommandError> {
        while let Some((at, (name, folder))) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            all.get(at).map(|it| (at, it)).filter(|_| !interrupt::has_come())
        } {
            let begin = Instant::now();
            let one = submission::grade(grading, name, folder);
            on_graded(&one, begin.elapsed())?;
            grading.progress.graded(&one);
            let row = write_result(&grading.results, one)?;
            let mut graded = graded.lock().unwrap_or_else(PoisonError::into_inner);
            graded[at] = Some(row);
            write_scores(&grading.results)?;
        }
        grading.shares.leave();
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a submission cannot make the grader panic"))
    })?;
    let graded = graded.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(graded.into_iter().flatten().collect())
}

/// All tests of the labs, as a rubric knows them.
pub(crate) fn known_tests() -> Vec<KnownTest> {
    tester::cases()
        .iter()
        .map(|case| KnownTest {
            name: case.name.to_owned(),
            part: case.part.to_owned(),
            title: case.title.to_owned(),
            points: case.points,
        })
        .collect()
}

fn read_rubric(args: &GradeArgs) -> Result<Rubric, CommandError> {
    let (text, name) = match &args.rubric {
        None => (rubric::DEFAULT.to_owned(), "the default rubric".to_owned()),
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|cause| {
                CommandError::new(format!("cannot read the rubric {}: {cause}", file.display()))
            })?;
            (text, file.display().to_string())
        }
    };
    Rubric::parse(&text, &known_tests()).map_err(|error| CommandError::new(format!("{name}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jobs_are_divided_among_the_active_submissions() {
        for (jobs, submissions, share, last) in [(8, 1, 8, 8), (8, 2, 4, 8), (8, 100, 1, 8), (7, 3, 2, 7)] {
            let shares = Shares::new(jobs, submissions);
            assert_eq!(shares.one(), share, "{jobs} jobs, {submissions} submissions");
            for _ in 1..submissions.min(jobs as usize) {
                shares.leave();
            }
            assert_eq!(shares.one(), last, "{jobs} jobs, {submissions} submissions");
        }
    }
}

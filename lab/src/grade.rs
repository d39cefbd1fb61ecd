//! `lab grade`: scores and reports for submissions, whatever they do.
//!
//! This process is the one that is trusted: it reads what was handed in, writes results, and runs none of it. A submission is
//! built and run by others, in a sandbox.
//!
//! - [`ledger`]: what is known of a submission already, kept so that nothing is done twice;
//! - [`place`]: the folder of results, and with which seed and runs it was begun;
//! - [`submission`]: one submission, from its files to its runs;
//! - [`runs`]: its runs, test by test;
//! - [`marks`]: what the ledger is worth;
//! - [`progress`]: how far everything is.

mod ledger;
mod marks;
mod place;
mod progress;
mod runs;
mod submission;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use grader::report;
use grader::report::{Graded, Outcome};
use grader::rubric::{self, KnownTest, Rubric};
use grader::submission::names;

use crate::Verdict;
use crate::args::GradeArgs;
use crate::error::CommandError;
use crate::workshop::Workshop;
use place::Place;
use progress::Progress;

/// Names in the folder of results that no submission can have.
const TAKEN: [&str; 2] = ["scores.csv", place::FOLDER];

/// What all submissions have in common.
struct Grading {
    workshop: Workshop,
    place: Place,
    rubric: Rubric,
    progress: Progress,
    /// Whether what breaks rules is graded all the same.
    despite_rules: bool,
    /// Runs side by side, of all submissions together.
    jobs: u32,
    /// Submissions that are being graded.
    active: AtomicUsize,
}

impl Grading {
    /// The share of one submission of what can be done side by side.
    fn share(&self) -> u32 {
        let active = u32::try_from(self.active.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        (self.jobs / active.max(1)).max(1)
    }
}

/// Grades the submissions that were given.
pub(crate) fn grade(args: &GradeArgs) -> Result<Verdict, CommandError> {
    let text = |error: &dyn std::fmt::Display| CommandError::new(error.to_string());
    let names = names(&args.submissions, &TAKEN).map_err(|error| text(&error))?;
    let rubric = read_rubric(args)?;
    let place = Place::open(args)?;
    let workshop = Workshop::open(args.cache.as_deref(), args.no_sandbox)?;
    let place = place.begin(args, workshop.base().id())?;

    let cores = std::thread::available_parallelism().map_or(1, |it| u32::try_from(it.get()).unwrap_or(1));
    let jobs = args.jobs.unwrap_or(cores);
    let grading = Grading {
        workshop,
        place,
        rubric,
        progress: Progress::new(),
        despite_rules: args.despite_rules,
        jobs,
        active: AtomicUsize::new(0),
    };
    let all: Vec<(String, PathBuf)> = names.into_iter().zip(args.submissions.iter().cloned()).collect();
    let graded = side_by_side(&grading, &all)?;
    report::write_scores(&graded, &args.out.join("scores.csv"))
        .map_err(|cause| CommandError::new(format!("cannot write scores.csv: {cause}")))?;
    let failed = graded.iter().filter(|it| matches!(it.outcome, Outcome::NotGraded(_))).count();
    grading.progress.end(&graded, failed, &args.out);
    Ok(if failed == 0 { Verdict::Passed } else { Verdict::Failed })
}

/// Grades all submissions, several at a time; the results are in their order.
fn side_by_side(grading: &Grading, all: &[(String, PathBuf)]) -> Result<Vec<Graded>, CommandError> {
    let next = AtomicUsize::new(0);
    let graded: Mutex<Vec<Option<Graded>>> = Mutex::new(vec![None; all.len()]);
    let threads = all.len().min(grading.jobs as usize);
    let work = || -> Result<(), CommandError> {
        while let Some((at, (name, folder))) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            all.get(at).map(|it| (at, it))
        } {
            grading.active.fetch_add(1, Ordering::Relaxed);
            let one = submission::grade(grading, name, folder);
            grading.active.fetch_sub(1, Ordering::Relaxed);
            let to = grading.place.out().join(name);
            fs::create_dir_all(&to)
                .and_then(|()| report::write(&one, &to))
                .map_err(|cause| CommandError::new(format!("cannot write into {}: {cause}", to.display())))?;
            grading.progress.graded(&one);
            graded.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(one);
        }
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

fn read_rubric(args: &GradeArgs) -> Result<Rubric, CommandError> {
    let tests: Vec<KnownTest> = tester::cases()
        .iter()
        .map(|case| KnownTest {
            name: case.name.to_owned(),
            part: case.part.to_owned(),
            title: case.title.to_owned(),
            points: case.points,
        })
        .collect();
    let (text, name) = match &args.rubric {
        None => (rubric::DEFAULT.to_owned(), "the default rubric".to_owned()),
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|cause| {
                CommandError::new(format!("cannot read the rubric {}: {cause}", file.display()))
            })?;
            (text, file.display().to_string())
        }
    };
    Rubric::parse(&text, &tests).map_err(|error| CommandError::new(format!("{name}: {error}")))
}

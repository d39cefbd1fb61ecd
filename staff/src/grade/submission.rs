//! One submission, from its files to its runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::build::{Built, Inspection, Missing, ON_REFERENCE, OWN, Workspace};
use crate::report::{Graded, Outcome};
use crate::rules::Findings;
use crate::score::Column;
use crate::submission::{Limits, Staged, crates, digest, read};
use humantime::format_duration;
use tester::Case;

use super::checkpoint::{BuildEntry, Checkpoint, TestEntry};
use super::judge::Certain;
use super::runs::Runs;
use super::{Grading, evidence, runs, scoring, submission_index};
use lab::error::CommandError;
use lab::interrupt;

/// Grades a submission. Every error is part of the result.
pub(super) fn grade(grading: &Grading, name: &str, folder: &Path) -> Graded {
    let mut graded = Graded {
        name: name.to_owned(),
        folder: fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()).to_string_lossy().into_owned(),
        outcome: Outcome::Graded,
        ignored: Vec::new(),
        ignored_besides: 0,
        findings: Findings::default(),
        objections: Vec::new(),
        build_log: String::new(),
        notes: Vec::new(),
        tests: grading.rubric.grade(&[]),
    };
    let until = grading.time_limit.map(|limit| Instant::now() + limit);
    if let Err(cause) = advance(grading, folder, until, &mut graded) {
        graded.outcome = Outcome::NotGraded(cause.to_string());
    }
    graded
}

/// Advances the grading as far as possible. An error is the grader's own.
fn advance(
    grading: &Grading,
    folder: &Path,
    until: Option<Instant>,
    graded: &mut Graded,
) -> Result<(), CommandError> {
    let staged = match read(folder, &Limits::default()) {
        Ok(staged) => staged,
        Err(refusals) => {
            graded.outcome = Outcome::Refused(refusals);
            return Ok(());
        }
    };
    submission_index::keep_sources(&grading.results, &graded.name, &staged.files)?;
    graded.ignored.clone_from(&staged.ignored);
    graded.ignored_besides = staged.ignored_besides;
    let certain = Certain::of(&staged)?;
    if !certain.before_build(grading, graded) {
        return Ok(());
    }
    let mut checkpoint = Checkpoint::open(&grading.results, &graded.name, &digest(&staged.files))?;
    if let Some(build) = &checkpoint.build
        && !certain.after_build(grading, &staged, build, graded)?
    {
        return Ok(());
    }
    let is_complete = wanted(grading, &checkpoint).iter().all(|(_, cases)| cases.is_empty())
        && checkpoint.tests.iter().all(|test| test.sample.is_empty());
    if checkpoint.build.is_some() && is_complete {
        scoring::score(grading, &staged, &checkpoint, graded);
        return Ok(());
    }
    match work(grading, &staged, &certain, until, &mut checkpoint, graded)? {
        Work::Done => scoring::score(grading, &staged, &checkpoint, graded),
        Work::Refused => {}
        Work::CutOff(test) => {
            checkpoint.tests.extend(test);
            scoring::score(grading, &staged, &checkpoint, graded);
            let limit = grading.time_limit.filter(|_| !interrupt::has_come());
            let why = match limit {
                Some(limit) => format!("the time of {} for a submission was up", format_duration(limit)),
                None => "the grading was stopped".to_owned(),
            };
            unfinished(graded, &why);
        }
        Work::Stopped(why) => graded.outcome = Outcome::Stopped(why),
        Work::NotBuilt => unfinished(graded, "the grading was stopped"),
    }
    Ok(())
}

/// Sets the outcome to unfinished, unless a worse one is set.
fn unfinished(graded: &mut Graded, why: &str) {
    if graded.outcome == Outcome::Graded {
        graded.outcome = Outcome::Unfinished(why.to_owned());
    }
}

/// The result of building and running.
enum Work {
    /// The checkpoint is complete.
    Done,
    /// The artifacts break rules and are not run; the result has the findings.
    Refused,
    /// The time was up, or the grading was stopped in the middle of a test. The next grading continues from
    /// the checkpoint.
    CutOff(Option<TestEntry>),
    /// The grading was stopped before the build finished.
    NotBuilt,
    /// The build was stopped for the given reason. It is not in the checkpoint, so that the next grading
    /// tries again: the cause may have been the submission or the machine.
    Stopped(String),
}

/// Builds the submission, and makes the runs that the checkpoint lacks.
fn work(
    grading: &Grading,
    staged: &Staged,
    certain: &Certain,
    until: Option<Instant>,
    checkpoint: &mut Checkpoint,
    graded: &mut Graded,
) -> Result<Work, CommandError> {
    let text = |error: &dyn std::fmt::Display| CommandError::new(error.to_string());
    let name = &*graded.name.clone();
    let folder = Folder(grading.results.own("work").join(name));
    folder.clear().map_err(|cause| text(&cause))?;
    grading.progress.show(name, "is built");
    let base = grading.build_env.base();
    let mut workspace =
        Workspace::write(base, &folder.0, &staged.files, Missing::Nothing).map_err(|error| text(&error))?;
    let built = workspace
        .build_until(base, grading.build_env.confined(), grading.shares.one(), until)
        .map_err(|error| text(&error))?;
    let (errors, inspection) = match built {
        Built::Without(errors) => (errors, workspace.inspect().map_err(|error| text(&error))?),
        Built::Nothing(errors) => (errors, Inspection::default()),
        Built::Stopped(_) if interrupt::has_come() => return Ok(Work::NotBuilt),
        Built::Stopped(why) => return Ok(Work::Stopped(why)),
    };
    let entry = BuildEntry {
        crates: workspace.crates().iter().map(|&name| name.to_owned()).collect(),
        errors: errors.into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
        inspection,
    };
    if checkpoint.build.as_ref() != Some(&entry) {
        if checkpoint.build.is_some() {
            // The other tests ran with a different program.
            checkpoint.tests.clear();
        }
        let is_graded = certain.after_build(grading, staged, &entry, graded)?;
        checkpoint.build = Some(entry);
        checkpoint.save(&grading.results, name)?;
        if !is_graded {
            return Ok(Work::Refused);
        }
    }
    let before = graded.clone();
    let on_test = |checkpoint: &Checkpoint| {
        let mut so_far = before.clone();
        scoring::score(grading, staged, checkpoint, &mut so_far);
        unfinished(&mut so_far, "they are being run");
        grading.report(&so_far)
    };
    let runs = Runs { grading, name, program: &workspace, until, on_test: &on_test };
    for (column, cases) in wanted(grading, checkpoint) {
        let solution = match column {
            Column::Own => OWN,
            Column::Reference => ON_REFERENCE,
        };
        let last = cases.last().copied();
        let mut half_done = runs::carry_out(&runs, solution, column, cases, checkpoint)?;
        let of_column = checkpoint.tests.iter_mut().filter(|test| test.column == column);
        evidence::take(&runs, solution, of_column.chain(&mut half_done).collect())?;
        checkpoint.save(&grading.results, name)?;
        let is_cut_off = last.is_some_and(|last| checkpoint.test(last.name, column).is_none());
        if is_cut_off || interrupt::has_come() {
            return Ok(Work::CutOff(half_done));
        }
    }
    Ok(Work::Done)
}

/// The tests that can run and are not in the checkpoint, by column.
fn wanted(grading: &Grading, checkpoint: &Checkpoint) -> [(Column, Vec<&'static Case>); 2] {
    let built: BTreeSet<&str> = match &checkpoint.build {
        Some(BuildEntry { crates, .. }) => crates.iter().map(String::as_str).collect(),
        None => BTreeSet::new(),
    };
    let graded: BTreeSet<&str> = grading.rubric.tests().map(|test| test.name.as_str()).collect();
    [Column::Own, Column::Reference].map(|column| {
        let wanted = |case: &&Case| {
            graded.contains(case.name)
                && needs(case, column).is_some_and(|needs| needs.iter().all(|name| built.contains(name)))
                && checkpoint.test(case.name, column).is_none()
        };
        (column, tester::cases().iter().filter(wanted).collect())
    })
}

/// The crates that a test needs; `None` if the test has no such column.
pub(super) fn needs(case: &Case, column: Column) -> Option<&'static [&'static str]> {
    match column {
        Column::Own => Some(case.needs),
        Column::Reference => case
            .needs
            .split_last()
            .filter(|(_, below)| !below.is_empty())
            .map(|(lab, _)| std::slice::from_ref(lab)),
    }
}

/// The crates that graded tests need and the submission lacks.
pub(super) fn not_handed_in(grading: &Grading, staged: &Staged) -> Vec<&'static str> {
    let submitted = staged.crates();
    let graded: BTreeSet<&str> = grading.rubric.tests().map(|test| test.name.as_str()).collect();
    let cases = || tester::cases().iter().filter(|case| graded.contains(case.name));
    let is_needed = |name: &str| cases().any(|case| case.needs.contains(&name));
    crates().filter(|name| !submitted.contains(name) && is_needed(name)).collect()
}

/// The folder in which a submission is built and run, removed on drop.
struct Folder(std::path::PathBuf);

impl Folder {
    /// Removes the files that an interrupted grading left there.
    fn clear(&self) -> std::io::Result<()> {
        if self.0.exists() { fs::remove_dir_all(&self.0) } else { Ok(()) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // On failure it is cleared at the next use.
        let _ = self.clear();
    }
}

//! `lab export`: an autograder for Gradescope, and results of a grading in other forms.
//!
//! - `args`: the arguments;
//! - [`gradescope`]: the autograder that Gradescope takes, as a zip;
//! - [`vendor`]: the crates of the registry that building submissions needs;
//! - [`archive`]: a zip whose bytes depend on its content alone;
//! - [`autolab`] and [`classroom`]: scores for Autolab and for GitHub Classroom;
//! - [`leaderboard`]: a page that compares how fast and how thrifty submissions are.

mod archive;
pub(crate) mod args;
mod autolab;
mod classroom;
mod gradescope;
mod leaderboard;
mod vendor;

use std::fs;
use std::path::Path;

use lab::Verdict;
use lab::error::CommandError;

use crate::grade::stored::Stored;
use crate::report::{Graded, Outcome};
use args::{ExportArgs, Format};

/// Writes what is asked for.
pub(crate) fn export(args: &ExportArgs) -> Result<Verdict, CommandError> {
    match &args.format {
        Format::Gradescope(args) => gradescope::write(args),
        Format::Autolab(args) => for_each(&args.results, "autolab.json", autolab::text),
        Format::Classroom(args) => for_each(&args.results, "result.json", classroom::text),
        Format::Leaderboard(args) => leaderboard::write(args),
    }
}

/// Writes a file into the folder of each submission that was graded. One that the grader could not grade has
/// no score yet.
fn for_each(results: &Path, name: &str, text: fn(&Graded) -> String) -> Result<Verdict, CommandError> {
    let stored = Stored::open(results)?;
    let (graded, failed): (Vec<_>, Vec<_>) =
        stored.rows()?.into_iter().partition(|row| !matches!(row.outcome, Outcome::NotGraded(_)));
    for row in &graded {
        write(&results.join(&row.name).join(name), text(row).as_bytes())?;
    }
    println!("{name} is in the folders of {} submissions in {}", graded.len(), results.display());
    if !failed.is_empty() {
        println!("{} could not be graded and have none; `lab grade` tries them again", failed.len());
    }
    Ok(if failed.is_empty() { Verdict::Passed } else { Verdict::Failed })
}

/// Writes a file atomically.
fn write(path: &Path, content: &[u8]) -> Result<(), CommandError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.draft"));
    fs::write(&draft, content)
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|cause| CommandError::new(format!("cannot write {}: {cause}", path.display())))
}

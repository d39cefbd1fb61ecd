//! The command line: `lab test` runs the course's tests, `lab replay` runs one of them again with its log,
//! `lab page` writes the page of a run, `lab list` lists the tests, `lab explain` explains failures.
//!
//! It is a library, so that a program with other solutions compiled in needs three lines of its own: see
//! `main.rs`, and the program with misbehaving solutions in `tests/`.
//!
//! Read in this order: `args` (the arguments), `test` (the command `lab test`), `run` (simulations in
//! parallel, in worker processes that may die), `report` (the forms of the results), `replay`, `page`. Then
//! `shard`, `shard_of_tests` and `merge`: work that is divided among machines.

#![warn(missing_docs)]

pub mod args;
mod completions;
pub mod error;
mod explain;
mod failures;
mod findings;
mod given_plan;
pub mod interrupt;
mod list;
pub mod merge;
mod near;
mod page;
mod replay;
pub mod report;
pub mod run;
pub mod shard;
mod shard_of_tests;
mod shrinking;
mod solutions;
mod test;
pub mod tested;

use std::process::ExitCode;

use labapi::Solution;
use tester::replay::is_default_solution;
use tester::workspace::WorkspaceError;
use tester::{Case, Report, RunOptions};

use args::{Command, CommandLine, Stop, parse};
pub use completions::completions;
use error::CommandError;
pub use explain::explain;
pub use list::list;
pub use page::page;
pub use replay::replay;
pub use solutions::COMPILED_IN;
pub use test::test;
use tested::Tested;

/// The solutions of a command line, and the function that runs tests on them.
pub struct Lab {
    /// The solutions that `--solution` chooses from. The first is the default.
    pub solutions: &'static [Solution],
    /// Runs one test once, in a simulation: [`tester::run`].
    pub run: fn(&'static Case, &Solution, &RunOptions) -> Report,
}

impl Lab {
    /// Carries out the students' command that the process's arguments give; see [`finish`] for the exit
    /// status.
    #[must_use]
    pub fn main(&self) -> ExitCode {
        finish(parse::<CommandLine>(std::env::args_os()).and_then(|line| {
            set_color(line.global.color);
            let outcome = match line.command {
                Command::Test(args) => not_for_another().and_then(|()| {
                    warn_of_unseeded_hash_maps();
                    test(&args, || Tested::compiled_in(self, args.solution.as_deref()).map(Ok))
                }),
                Command::Merge(args) => not_for_another().and_then(|()| {
                    warn_of_unseeded_hash_maps();
                    merge::merge(self, &args)
                }),
                Command::Replay(args) => not_for_another()
                    .and_then(|()| replay(&args, |name| Tested::compiled_in(self, name).map(Ok))),
                Command::Explain(args) => explain(&args),
                Command::Page(args) => not_for_another()
                    .and_then(|()| page(&args, |name| Tested::compiled_in(self, name).map(Ok))),
                Command::List(args) => list(&args),
                Command::Completions(args) => completions::<CommandLine>(&args),
                Command::Worker => run::worker::serve(self),
            };
            outcome.map_err(Stop::Refused)
        }))
    }

    /// The solution that a test runs: the one of that name. A solution that differs from lab to lab is
    /// several, called `NAME/LAB`, where `LAB` is the crate that the test is of.
    fn solution_for(&self, name: &str, case: &Case) -> Option<&'static Solution> {
        let of_lab = case.needs.last().map(|lab| format!("{name}/{lab}"));
        let named = |name: &str| self.solutions.iter().find(|solution| solution.name == name);
        named(name).or_else(|| named(&of_lab?))
    }

    /// The solution of that name; the first if there is no name, or one that stands for the default.
    fn solution(&self, name: Option<&str>) -> Result<&'static Solution, CommandError> {
        let default = || self.solutions.first().filter(|_| name.is_none_or(is_default_solution));
        let named = self.solutions.iter().find(|solution| Some(solution.name) == name);
        named.or_else(default).ok_or_else(|| {
            let names: Vec<&str> = self.solutions.iter().map(|solution| solution.name).collect();
            let name = name.unwrap_or_default();
            CommandError::new(format!("there is no solution `{name}`; {}", near::advice(name, &names)))
        })
    }
}

/// Ends a command.
///
/// The exit status is 0 if all tests passed, and 1 if one failed. It is 2 if the command cannot be carried
/// out; one line on the standard error gives the reason. It is 3 if a submission does not build; the
/// compiler's messages give the reason. After Ctrl-C or SIGTERM the process ends as by that signal, once the
/// results so far are written.
pub fn finish(outcome: Result<Verdict, Stop>) -> ExitCode {
    if let Err(Stop::Refused(error)) = &outcome
        && !interrupt::has_come()
    {
        eprintln!("error: {error}");
    }
    interrupt::end_if_it_came();
    match outcome {
        Ok(Verdict::Passed) | Err(Stop::Shown) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::from(1),
        Ok(Verdict::DoesNotBuild) => ExitCode::from(3),
        Err(Stop::Refused(_)) => ExitCode::from(2),
    }
}

/// Decides for the whole process whether the output has colours. It counts before anything is printed.
pub fn set_color(choice: clap::ColorChoice) {
    report::paint::choose(choice);
}

/// Refuses to run in another workspace, where a test of this program's solutions would be mistaken for a test
/// of that workspace's. Outside of any workspace tests run, and failures are not saved.
///
/// # Errors
///
/// The process runs in another workspace than the one that it was built in.
pub fn not_for_another() -> Result<(), CommandError> {
    match tester::workspace::find() {
        Err(error @ WorkspaceError::Another { .. }) => Err(CommandError::new(error.to_string())),
        _ => Ok(()),
    }
}

/// Warns where std's hash maps do not follow the seed.
pub fn warn_of_unseeded_hash_maps() {
    if let Some(warning) = tester::unseeded_hash_maps() {
        eprintln!("warning: {warning}");
    }
}

/// The verdict of a command that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every run passed, or there was nothing to run.
    Passed,
    /// At least one run failed, or could not be graded.
    Failed,
    /// The solution under test does not build.
    DoesNotBuild,
}

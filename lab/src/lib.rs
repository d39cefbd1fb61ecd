//! The command line: `lab test` runs the course's tests, `lab replay` runs one of them again with
//! its log, `lab list` says what there is.
//!
//! It is a library so that a program with other solutions compiled in needs three lines of its
//! own: see `main.rs`, and the program with misbehaving solutions in `tests/`.
//!
//! Read in this order: `args` (what can be asked for), `test` (a whole run of the command), `run`
//! (simulations side by side, in processes that may die), `report` (what becomes of the results),
//! `replay`.

#![warn(missing_docs)]

mod args;
mod error;
mod failures;
#[cfg(feature = "grading")]
mod grade;
#[cfg(feature = "grading")]
mod handout;
mod interrupt;
mod list;
mod near;
mod replay;
mod report;
mod run;
mod shell;
mod solutions;
#[cfg(feature = "grading")]
mod submission;
mod test;
mod tested;
#[cfg(feature = "grading")]
mod workshop;

use std::process::ExitCode;

use labapi::Solution;
use tester::workspace::WorkspaceError;
use tester::{Case, Report, RunOptions};

use args::Command;
use error::CommandError;
pub use solutions::COMPILED_IN;

/// What a command line works with.
pub struct Lab {
    /// The solutions that `--solution` chooses from. The first is not special: the default is the
    /// one called `raft`.
    pub solutions: &'static [Solution],
    /// Runs one test once, in a simulation: [`tester::run`].
    pub run: fn(&'static Case, &Solution, &RunOptions) -> Report,
}

impl Lab {
    /// Does what the process's arguments ask for.
    ///
    /// The exit status is 0 when all tests passed, 1 when one failed, 2 when the arguments ask for something that cannot be
    /// done, and one line on the standard error says why; 3 when a submission does not build, and the compiler says why.
    /// After Ctrl-C or SIGTERM the process ends as by that signal, when what is known has been written.
    #[must_use]
    pub fn main(&self) -> ExitCode {
        #[cfg(feature = "grading")]
        workshop::confine_if_told();
        let command = args::parse(std::env::args_os());
        if command.as_ref().is_ok_and(Command::makes_runs) {
            warn_of_shared_hash_keys();
        }
        let outcome = match command {
            Ok(Command::Test(args)) => not_for_another().and_then(|()| test::test(self, &args)),
            Ok(Command::Replay(args)) => not_for_another().and_then(|()| replay::replay(self, &args)),
            Ok(Command::List(args)) => list::list(&args),
            #[cfg(feature = "grading")]
            Ok(Command::Handout(args)) => handout::hand_out(&args),
            #[cfg(feature = "grading")]
            Ok(Command::Grade(args)) => grade::grade(&args),
            Ok(Command::Worker) => run::worker::serve(self),
            #[cfg(feature = "confine")]
            Ok(Command::ConfinedWorker) => run::worker::serve_confined(self),
            Err(args::Stop::Shown) => Ok(Verdict::Passed),
            Err(args::Stop::Refused(error)) => Err(error),
        };
        if let Err(error) = &outcome
            && !interrupt::has_come()
        {
            eprintln!("error: {error}");
        }
        interrupt::end_if_it_came();
        match outcome {
            Ok(Verdict::Passed) => ExitCode::SUCCESS,
            Ok(Verdict::Failed) => ExitCode::from(1),
            #[cfg(feature = "grading")]
            Ok(Verdict::DoesNotBuild) => ExitCode::from(3),
            Err(_) => ExitCode::from(2),
        }
    }

    /// The solution of that name.
    fn solution(&self, name: &str) -> Result<&'static Solution, CommandError> {
        self.solutions.iter().find(|solution| solution.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.solutions.iter().map(|solution| solution.name).collect();
            CommandError::new(format!("there is no solution `{name}`; {}", near::advice(name, &names)))
        })
    }
}

/// Refuses to test this program's solutions where it would be taken for a test of another workspace's.
/// Without any workspace they can be tested, and only nothing is remembered.
fn not_for_another() -> Result<(), CommandError> {
    match tester::workspace::find() {
        Err(error @ WorkspaceError::Another { .. }) => Err(CommandError::new(error.to_string())),
        _ => Ok(()),
    }
}

/// Says what is lost if std's hash maps are not each server's own. On systems other than Linux they never
/// are, and nobody is graded.
fn warn_of_shared_hash_keys() {
    if cfg!(target_os = "linux") && !labrt::world::hash_keys_are_separate() {
        eprintln!(
            "warning: std keeps the keys of its hash maps in a place that was not found. All servers of a simulation count \
             them up together: a submission may use that as memory that its servers share. See \"Threat model\" in \
             docs/instructors.md"
        );
    }
}

/// What a command that could be carried out came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Every run passed, or there was nothing to run.
    Passed,
    /// At least one run failed, or could not be graded.
    Failed,
    /// What was to be tested does not build.
    #[cfg(feature = "grading")]
    DoesNotBuild,
}

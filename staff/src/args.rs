//! The command line of teachers: the students' commands, which take a submission too, and their own.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use lab::args::{ListArgs, ReplayArgs, TestArgs, at_least_one, some_seconds, some_time};

use crate::handout::Parts;
use crate::mutants::command::MutantsArgs;

/// The distributed systems labs, simulated: one seed determines the whole run.
#[derive(Parser, Debug)]
#[command(name = "lab", bin_name = "cargo lab", version, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run tests
    Test(OnSubmission<TestArgs>),
    /// Run one test again, with its log; without arguments, the last failure
    Replay(OnSubmission<ReplayArgs>),
    /// List tests, their parts, titles and points
    List(ListArgs),
    /// Make the workspace that students are given: this one with skeletons in place of the solutions
    Handout(HandoutArgs),
    /// Score submissions, with a report for each
    Grade(GradeArgs),
    /// Measure which tests notice wrong solutions, or try right ones
    Mutants(MutantsArgs),
    /// Carry out runs for the process that started this one
    #[command(hide = true)]
    Worker,
}

/// A command of students, perhaps on a submission.
#[derive(Args, Debug)]
pub(crate) struct OnSubmission<C: Args> {
    #[command(flatten)]
    pub(crate) command: C,

    #[command(flatten)]
    pub(crate) submission: SubmissionArgs,
}

#[derive(Args, Debug)]
pub(crate) struct HandoutArgs {
    /// The destination: a new or empty folder outside of this workspace
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// The released parts (3A,3B) or labs (2,3), separated by commas; by default all labs of the course,
    /// which are those with a number
    #[arg(long, value_name = "PARTS", default_value_t)]
    pub(crate) parts: Parts,

    /// Write also into a folder that is not empty, over an earlier hand-out
    #[arg(long)]
    pub(crate) force: bool,
}

/// A submission in place of a compiled-in solution.
#[derive(Args, Debug)]
pub(crate) struct SubmissionArgs {
    /// Test a submission: the folders `src` of the labs in this folder, such as raft/src, and the reference
    /// for the other labs
    #[arg(long, value_name = "DIR", conflicts_with = "solution")]
    pub(crate) submission: Option<PathBuf>,

    /// The Raft below the submission's key/value service: its own, or the reference
    #[arg(long, value_name = "R", requires = "submission")]
    pub(crate) raft: Option<WhichRaft>,

    /// Build and run the submission without a sandbox
    #[arg(long, requires = "submission")]
    pub(crate) no_sandbox: bool,
}

/// The Raft below a submission's key/value service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WhichRaft {
    /// The submission's.
    Own,
    /// The reference's.
    Reference,
}

#[derive(Args, Debug)]
pub(crate) struct GradeArgs {
    /// The submissions: folders that contain the folders `src` of the labs, such as raft/src, or some of them
    #[arg(value_name = "DIR", required = true)]
    pub(crate) submissions: Vec<PathBuf>,

    /// The folder of results; results that are there already are kept and not computed again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Runs of each test, over N consecutive seeds beginning with the first, the same for all submissions
    #[arg(
        long,
        value_name = "N",
        default_value = "20",
        value_parser = at_least_one,
        allow_negative_numbers = true
    )]
    pub(crate) runs: u32,

    /// The first seed, decimal or 0x hexadecimal; by default a fresh one, which is kept secret in --out
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// The points of the tests; by default those of `lab list`
    #[arg(long, value_name = "FILE")]
    pub(crate) rubric: Option<PathBuf>,

    /// Number of submissions, and of runs, in parallel; by default all cores
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) jobs: Option<u32>,

    /// Seconds of processor time after which a run that has not ended is aborted
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "60",
        value_parser = some_seconds,
        allow_negative_numbers = true
    )]
    pub(crate) wall_limit: Duration,

    /// Real time for a submission, its build included, such as 9m. Runs that are not made by then count as
    /// failed until the same command continues; by default there is no limit
    #[arg(long, value_name = "TIME", value_parser = some_time, allow_negative_numbers = true)]
    pub(crate) time_limit: Option<Duration>,

    /// The folder in which the framework is built, once for all submissions; by default in the target folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,

    /// Discard the results in --out, and grade again
    #[arg(long)]
    pub(crate) again: bool,

    /// Grade also submissions that break rules, and show the findings: only the sandbox protects you then
    #[arg(long)]
    pub(crate) despite_rules: bool,

    /// Build and run submissions without a sandbox, with all permissions of your account
    #[arg(long)]
    pub(crate) no_sandbox: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use lab::args::{Stop, parse};

    use super::*;

    #[test]
    fn the_definitions_are_valid_for_clap() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_error_is_one_line_that_names_a_valid_value() {
        for (arguments, says) in [
            (&["grade", "ann", "--out", "o", "--time-limit", "600"][..], "90s, 10m or 1h30m"),
            (&["handout", "there", "--parts", "3A,3Z"], "there is no part `3Z`; the parts are 2A, 2B, 3A"),
            (&["test", "--runs", "0"], "from 1 to 4294967295"),
            (&["test", "--submission", "ann", "--solution", "reference"], "--solution"),
            (&["test", "--raft", "reference"], "--submission"),
            (&["mutants", "wrong", "rfat"], "raft"),
            (&[], "says which there are"),
        ] {
            let arguments = std::iter::once("lab").chain(arguments.iter().copied()).map(Into::into);
            match parse::<CommandLine>(arguments) {
                Err(Stop::Refused(error)) => {
                    let refusal = error.to_string();
                    assert!(refusal.contains(says), "{refusal:?} does not say {says:?}");
                    assert!(!refusal.contains('\n') && !refusal.contains("Usage"), "{refusal:?}");
                }
                other => panic!("expected a refusal that says {says:?}, got {other:?}"),
            }
        }
    }
}

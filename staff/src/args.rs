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
    /// Where it goes: a new or empty folder outside of this workspace
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// What is released so far, with commas between: parts (3A,3B) or labs (2,3); if not given, all labs of the
    /// course, which are those with a number
    #[arg(long, value_name = "PARTS", default_value_t)]
    pub(crate) parts: Parts,

    /// Write also into a folder that has something in it, over an earlier hand-out
    #[arg(long)]
    pub(crate) force: bool,
}

/// A submission in the place of what is compiled in.
#[derive(Args, Debug)]
pub(crate) struct SubmissionArgs {
    /// A submission instead: the folders `src` of the labs that this folder has, such as raft/src, and the
    /// reference for the others
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
    /// The submissions: folders in which the folders `src` of the labs are, such as raft/src, or some of them
    #[arg(value_name = "DIR", required = true)]
    pub(crate) submissions: Vec<PathBuf>,

    /// Where results go; what is there already is not done again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Runs of each test, over N seeds beginning with the first, the same for all submissions
    #[arg(long, value_name = "N", default_value = "20", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) runs: u32,

    /// The first seed, decimal or 0x hexadecimal; if not given, a fresh one, which is kept secret in --out
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// What tests are worth; if not given, what `lab list` says
    #[arg(long, value_name = "FILE")]
    pub(crate) rubric: Option<PathBuf>,

    /// Submissions, and runs of them, side by side; if not given, all cores
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) jobs: Option<u32>,

    /// Seconds of processor time after which a run that has not ended is given up
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = some_seconds, allow_negative_numbers = true)]
    pub(crate) wall_limit: Duration,

    /// Real time for a submission, its build included: 9m. What has not run by then counts as failed, until
    /// the same command goes on; if not given, it takes as long as it takes
    #[arg(long, value_name = "TIME", value_parser = some_time, allow_negative_numbers = true)]
    pub(crate) time_limit: Option<Duration>,

    /// Where the framework is built, once for all submissions; if not given, in the target folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,

    /// Drop what is in --out, and do all of it again
    #[arg(long)]
    pub(crate) again: bool,

    /// Grade also what breaks rules, and show what was found: the sandbox is what defends you
    #[arg(long)]
    pub(crate) despite_rules: bool,

    /// Build and run submissions without a sandbox, as you, with all that you may do
    #[arg(long)]
    pub(crate) no_sandbox: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use lab::args::{Stop, parse};

    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_definitions() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_refusal_is_one_line_that_says_what_would_be_right() {
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

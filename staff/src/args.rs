//! The command line of teachers: the students' commands, which take a submission too, and their own.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use lab::args::{
    COMPLETIONS_EXAMPLES, CompletionsArgs, EXPLAIN_EXAMPLES, ExplainArgs, GlobalArgs, ListArgs,
    MERGE_EXAMPLES, MergeArgs, PAGE_EXAMPLES, PageArgs, REPLAY_EXAMPLES, ReplayArgs, TEST_EXAMPLES, TestArgs,
    VersionArg, at_least_one, some_seconds, some_time,
};

use lab::shard::Shard;

use crate::compare::CompareArgs;
use crate::handout::Parts;
use crate::mutants::command::MutantsArgs;

/// The distributed systems labs, simulated: one seed determines the whole run.
#[derive(Parser, Debug)]
#[command(name = "lab", bin_name = "cargo lab", version, max_term_width = 100, after_help = EXAMPLES)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) global: GlobalArgs,

    #[command(flatten)]
    version: VersionArg,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run tests
    #[command(after_help = TEST_EXAMPLES)]
    Test(OnSubmission<TestArgs>),
    /// Make the results of one command of those of its shards
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(MergeArgs),
    /// Run one test again, with its log; without arguments, the last failure
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(OnSubmission<ReplayArgs>),
    /// Explain a rule that a run broke, or a kind of failure; without arguments, list them
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Write the page of a run, to walk through it in a browser; without arguments, of the last failure
    #[command(after_help = PAGE_EXAMPLES)]
    Page(OnSubmission<PageArgs>),
    /// List tests, their parts, titles and points
    List(ListArgs),
    /// Print a script that completes the command line in a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Make the workspace that students are given: this one with skeletons in place of the solutions
    #[command(after_help = HANDOUT_EXAMPLES)]
    Handout(HandoutArgs),
    /// Score submissions, with a report for each
    #[command(after_help = GRADE_EXAMPLES)]
    Grade(GradeArgs),
    /// Run the tests on wrong solutions, which they must catch, and on right ones, which must pass
    #[command(after_help = MUTANTS_EXAMPLES)]
    Mutants(MutantsArgs),
    /// Run protocols under the same faults, and compare what they make of them
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(CompareArgs),
    /// Carry out runs for the process that started this one
    #[command(hide = true)]
    Worker,
}

/// The end of the help of `cargo lab`.
const EXAMPLES: &str = "\
Examples:
  cargo lab test 3B --runs 100                       each test of part 3B over 100 seeds
  cargo lab replay                                   the last failure again, with its log
  cargo lab test 3 --submission ../submissions/ann   the tests of lab 3 on a submission";

/// The end of the help of `lab handout`.
const HANDOUT_EXAMPLES: &str = "\
Examples:
  cargo lab handout ../labs --parts 2,3A            lab 2 and part 3A
  cargo lab handout ../labs --parts 2,3 --force     over that one, when 3B to 3D are released";

/// The end of the help of `lab grade`.
const GRADE_EXAMPLES: &str = "\
Examples:
  cargo lab grade ../submissions/* --out ../results                  20 runs of each test
  cargo lab grade ../submissions/* --out ../results --rubric lab3.toml --runs 100 --time-limit 9m
  cargo lab grade ../submissions/* --out ../results --regrade        from the beginning
  cargo lab grade ../submissions/* --out ../results --seed 7 --shard 2/8         the second eighth
  cargo lab merge ../results                                         all eighths together";

/// The end of the help of `lab mutants`.
const MUTANTS_EXAMPLES: &str = "\
Examples:
  cargo lab mutants                            are all wrong ones caught, do all right ones pass?
  cargo lab mutants raft votes --whole         of Raft, with `votes` in their names, and all runs
  cargo lab mutants right raft --runs 100      all right Rafts
  cargo lab mutants wrong raft --markdown > docs/wrong-raft.md       the page of the docs";

/// The end of the help of `lab compare`.
const COMPARE_EXAMPLES: &str = "\
Examples:
  cargo lab compare --runs 100 --html compare.html     all protocols under all plans, as a page too
  cargo lab compare raft bully --plan partition        two protocols under one plan
  cargo lab compare --servers 3 --json -               three servers each, as JSON";

/// The headings of options in the help texts.
mod heading {
    pub(super) const CONTENT: &str = "Content";
    pub(super) const SUBMISSION: &str = "Submission";
    pub(super) const RUNS: &str = "Runs";
    pub(super) const RESULTS: &str = "Results";
    pub(super) const SANDBOX: &str = "Building and rules";
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
    /// Folder to write the hand-out into: a new or empty one outside of this workspace
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// Parts (3A,3B) or labs (2,3) that are released so far, separated by commas; if not given, all labs of
    /// the course, which are those with a number
    #[arg(long, value_name = "PARTS", default_value_t, help_heading = heading::CONTENT)]
    pub(crate) parts: Parts,

    /// Write also into a folder that is not empty, over an earlier hand-out
    #[arg(long, help_heading = heading::RESULTS)]
    pub(crate) force: bool,
}

/// A submission in the place of the solutions that are compiled in.
#[derive(Args, Debug)]
pub(crate) struct SubmissionArgs {
    /// Take a submission instead: this folder's `src` folders of the labs, such as raft/src, and the
    /// reference for the labs that it lacks
    #[arg(long, value_name = "DIR", conflicts_with = "solution", help_heading = heading::SUBMISSION)]
    pub(crate) submission: Option<PathBuf>,

    /// The Raft below the submission's key/value service: its own, or the reference
    #[arg(long, value_name = "R", requires = "submission", help_heading = heading::SUBMISSION)]
    pub(crate) raft: Option<WhichRaft>,

    /// Build and run the submission without a sandbox
    #[arg(long, requires = "submission", help_heading = heading::SUBMISSION)]
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

#[derive(Args, Debug, Clone)]
pub(crate) struct GradeArgs {
    /// Submissions: folders that have the `src` folders of the labs, such as raft/src, or some of them
    #[arg(value_name = "DIR", required = true)]
    pub(crate) submissions: Vec<PathBuf>,

    /// Folder for the results; a submission that has results there is not graded again
    #[arg(long, value_name = "DIR", help_heading = heading::RESULTS)]
    pub(crate) out: PathBuf,

    /// Grade only part I of N of the submissions, and write their results into --out, for `lab merge`
    #[arg(long, value_name = "I/N", allow_hyphen_values = true, conflicts_with = "again")]
    #[arg(help_heading = heading::RUNS)]
    pub(crate) shard: Option<Shard>,

    /// Drop the results that are in --out, and grade from the beginning
    #[arg(long, visible_alias = "regrade", help_heading = heading::RESULTS)]
    pub(crate) again: bool,

    /// Points of the tests; if not given, those of `lab list`
    #[arg(long, value_name = "FILE", help_heading = heading::RESULTS)]
    pub(crate) rubric: Option<PathBuf>,

    /// Runs of each test, over N consecutive seeds from the first on, the same for all submissions
    #[arg(long, visible_alias = "count", value_name = "N", default_value = "20", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    pub(crate) runs: u32,

    /// First seed, decimal or 0x hexadecimal; if not given, a fresh one, which is kept secret in --out
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    #[arg(help_heading = heading::RUNS)]
    pub(crate) seed: Option<u64>,

    /// Submissions, and runs of them, at a time; if not given, one per core
    #[arg(long, short, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    #[arg(help_heading = heading::RUNS)]
    pub(crate) jobs: Option<u32>,

    /// Limit on the CPU time of a run, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = some_seconds)]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    pub(crate) wall_limit: Duration,

    /// Limit on the real time of a submission, its build included: 9m. Tests that have not run by then count
    /// as failed, until the same command runs the rest; if not given, there is no limit
    #[arg(long, value_name = "TIME", value_parser = some_time, allow_negative_numbers = true)]
    #[arg(help_heading = heading::RUNS)]
    pub(crate) time_limit: Option<Duration>,

    /// Folder to build the framework in, once for all submissions; if not given, one in the target folder
    #[arg(long, value_name = "DIR", help_heading = heading::SANDBOX)]
    pub(crate) cache: Option<PathBuf>,

    /// Grade also submissions that break rules, and show the violations: only the sandbox protects you then
    #[arg(long, visible_alias = "ignore-rules", help_heading = heading::SANDBOX)]
    pub(crate) despite_rules: bool,

    /// Build and run submissions without a sandbox, with all permissions that you have
    #[arg(long, help_heading = heading::SANDBOX)]
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
            (
                &["handout", "there", "--parts", "3A,3Z"],
                "there is no part `3Z`; the parts are 2A, 2B, 2X, 3A",
            ),
            (&["test", "--runs", "0"], "from 1 to 4294967295"),
            (&["test", "--submission", "ann", "--solution", "reference"], "--solution"),
            (&["test", "--raft", "reference"], "--submission"),
            (&["mutants", "--lab", "rfat"], "raft (3)"),
            (&["grade", "ann", "--out", "o", "--shard", "5/4"], "I from 1 to N"),
            (&["grade", "ann", "--out", "o", "--shard", "1/4", "--again"], "--again"),
            (&["mutants", "--shard", "0/4", "--out", "o"], "I from 1 to N"),
            (&["mutants", "--shard", "1/4"], "--out <DIR>"),
            (&["mutants", "--shard", "1/4", "--out", "o", "--json", "file"], "--json <FILE>"),
            (&["mutants", "--shard", "1/4", "--out", "o", "--markdown"], "--markdown"),
            (&["grade", "ann", "--out", "o", "--retries", "3"], "a seed is replayed, not retried"),
            (&["test", "--skip"], "--skip"),
            (&["compare", "rfat"], "'raft'"),
            (&["compare", "viewstamped"], "raft, raft-extended, paxos"),
            (&["compare", "--plan", "partiton"], "'partition'"),
            (&["compare", "--plan", "storm"], "calm, leader-crashes"),
            (&["compare", "--servers", "4"], "3, 5"),
            (&["compare", "--runs", "0"], "from 1 to 4294967295"),
            (&["compare", "-j", "0"], "from 1 to 4294967295"),
            (&["compare", "--seed", "-1"], "decimal (31) or hexadecimal (0x1f)"),
            (&[], "lists the commands"),
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

    #[test]
    fn options_have_the_names_that_people_try() {
        let grade = |options: &str| {
            let arguments = format!("lab grade ann --out o {options}");
            let line: CommandLine = parse(arguments.split_whitespace().map(Into::into)).expect("accepted");
            format!("{:?}", line.command)
        };
        for (name, alias) in [
            ("--again", "--regrade"),
            ("--despite-rules", "--ignore-rules"),
            ("--runs 7", "--count 7"),
            ("--jobs 3", "-j 3"),
        ] {
            assert_eq!(grade(name), grade(alias), "{name}, {alias}");
            assert_ne!(grade(name), grade(""), "{name} changes something");
        }
    }

    #[test]
    fn examples_fit_into_the_width_of_the_help_and_are_accepted() {
        for text in [EXAMPLES, HANDOUT_EXAMPLES, GRADE_EXAMPLES, MUTANTS_EXAMPLES, COMPARE_EXAMPLES] {
            assert!(text.lines().all(|line| line.len() <= 100), "{text}");
            for command in text.lines().filter_map(|line| line.trim_start().strip_prefix("cargo lab ")) {
                // The explanation stands after two spaces or more.
                let command = command.split("  ").next().unwrap_or(command);
                // The shell takes the redirection.
                let command = command.split(" > ").next().unwrap_or(command);
                let arguments = std::iter::once("lab").chain(command.split(' ')).map(Into::into);
                parse::<CommandLine>(arguments).expect("accepted");
            }
        }
    }
}

//! What can be asked for on the command line, and errors about it that fit on one line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use labrt::world::{Backend, Policy};

use crate::error::CommandError;

/// The Raft labs of MIT 6.5840, simulated: every run is decided by one seed.
#[derive(Parser, Debug)]
#[command(name = "lab", bin_name = "cargo lab", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run tests
    Test(TestArgs),
    /// Run one test again, with its log; without arguments, the last failure
    Replay(ReplayArgs),
    /// List tests, their parts, titles and points
    List(ListArgs),
    /// Make the workspace that students are given: this one with skeletons in place of the solutions
    #[cfg(feature = "grading")]
    Handout(HandoutArgs),
    /// Score submissions, with a report for each
    #[cfg(feature = "grading")]
    Grade(GradeArgs),
    /// What `lab test` starts to run simulations in
    #[command(hide = true)]
    Worker,
    /// The same for lab code of strangers: its threads are confined
    #[cfg(feature = "confine")]
    #[command(hide = true)]
    ConfinedWorker,
}

impl Command {
    /// Whether a person asks for runs.
    pub(crate) fn makes_runs(&self) -> bool {
        #[cfg(feature = "grading")]
        if matches!(self, Self::Grade(_)) {
            return true;
        }
        matches!(self, Self::Test(_))
    }
}

#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// Which tests: a part (3A), a name or a piece of names (backup); all if there is none
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,

    /// Runs of each test, over N seeds beginning with the first
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) runs: u32,

    /// Run all tests again and again, each time over another seed, until a run fails
    #[arg(long, conflicts_with = "runs")]
    pub(crate) until_failure: bool,

    /// Run all tests again and again, each time over another seed, for so long: 90s, 10m, 1h30m
    #[arg(long = "for", value_name = "TIME", conflicts_with = "runs", value_parser = some_time, allow_negative_numbers = true)]
    pub(crate) time: Option<Duration>,

    /// The first seed, decimal or 0x hexadecimal; if not given, a fresh one, which is printed
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// Runs side by side; if not given, all cores in simulation, and one on real threads
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) jobs: Option<u32>,

    /// Write the results as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Stop at the first failure
    #[arg(long)]
    pub(crate) fail_fast: bool,

    /// The implementation to test, of those that are compiled in
    #[arg(long, value_name = "NAME", default_value = DEFAULT_SOLUTION)]
    pub(crate) solution: String,

    #[cfg(feature = "grading")]
    #[command(flatten)]
    pub(crate) submission: SubmissionArgs,

    /// How the simulation chooses the next thread
    #[arg(long, value_name = "P", default_value_t = Policy::default(), value_parser = policies())]
    pub(crate) policy: Policy,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// The solution of who does not ask for one.
pub(crate) const DEFAULT_SOLUTION: &str = "raft";

/// Where runs take place.
#[derive(Args, Debug)]
pub(crate) struct PlaceArgs {
    /// Simulated, or on real threads in real time
    #[arg(long, value_name = "B", default_value_t = Backend::default(), value_parser = backends())]
    pub(crate) backend: Backend,

    /// Seconds of processor time after which a run that has not ended is given up; 60 if not given, and 180
    /// on real threads
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, allow_negative_numbers = true)]
    wall_limit: Option<Duration>,
}

impl PlaceArgs {
    /// Processor time after which a run is given up. On real threads a test ends itself after 150 s.
    pub(crate) fn wall_limit(&self) -> Duration {
        let limit = match self.backend {
            Backend::Simulation => 60,
            Backend::Threads => 180,
        };
        self.wall_limit.unwrap_or(Duration::from_secs(limit))
    }
}

#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// The test; needs --seed. Without both, the last failure is replayed
    #[arg(requires = "seed")]
    pub(crate) test: Option<String>,

    /// Replay a failure of this file, which `lab test` writes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["test", "seed", "solution", "policy"])]
    pub(crate) from: Option<PathBuf>,

    /// Which failure of the file, counted from 1
    #[arg(long, value_name = "N", default_value = "1", requires = "from", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) number: u32,

    /// The seed of the run, decimal or 0x hexadecimal
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true, requires = "test")]
    pub(crate) seed: Option<u64>,

    /// The implementation, of those that are compiled in; the last failure's, or `raft`
    #[arg(long, value_name = "NAME")]
    pub(crate) solution: Option<String>,

    #[cfg(feature = "grading")]
    #[command(flatten)]
    pub(crate) submission: SubmissionArgs,

    /// How the simulation chooses the next thread; the last failure's, or `random`
    #[arg(long, value_name = "P", value_parser = policies())]
    pub(crate) policy: Option<Policy>,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Show only lines of this server
    #[arg(long, value_name = "N")]
    pub(crate) server: Option<u32>,

    /// Show only lines from this virtual time on, in seconds
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) since: Option<Duration>,

    /// Show only lines up to this virtual time, in seconds
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) until: Option<Duration>,

    /// Show only lines that contain this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) grep: Option<String>,

    /// Show only lines of this level and the graver ones: error, warn, info, debug or trace
    #[arg(long, value_name = "L", value_parser = level)]
    pub(crate) level: Option<log::Level>,
}

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "grading")]
#[derive(Args, Debug)]
pub(crate) struct HandoutArgs {
    /// Where it goes: a new or empty folder outside of this workspace
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// What is released so far, with commas between: parts (3A,3B) or labs (2,3); all if not given
    #[arg(long, value_name = "PARTS", default_value = "2,3,4")]
    pub(crate) parts: grader::handout::Parts,

    /// Write also into a folder that has something in it, over an earlier hand-out
    #[arg(long)]
    pub(crate) force: bool,
}

/// A submission in the place of what is compiled in.
#[cfg(feature = "grading")]
#[derive(Args, Debug)]
pub(crate) struct SubmissionArgs {
    /// A submission instead: raft/src, kvsrv/src, kvraft/src and protocols/bully/src of this folder, and what
    /// is compiled in for those that it does not have
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
#[cfg(feature = "grading")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WhichRaft {
    /// The submission's.
    Own,
    /// The reference's.
    Reference,
}

#[cfg(feature = "grading")]
#[derive(Args, Debug)]
pub(crate) struct GradeArgs {
    /// The submissions: folders in which raft/src, kvsrv/src, kvraft/src and protocols/bully/src are, or some
    /// of them
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

/// Why there is no command to carry out.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Help or the version was asked for, and shown.
    Shown,
    /// The arguments make no sense.
    Refused(CommandError),
}

/// Reads the arguments, the program's own name first.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, Stop> {
    match CommandLine::try_parse_from(arguments) {
        Ok(line) => Ok(line.command),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // A reader who closed the pipe has seen enough.
            let _ = error.print();
            Err(Stop::Shown)
        }
        Err(error) => Err(Stop::Refused(one_line(&error))),
    }
}

/// clap's message without its usage and its advice to write an option as a value.
fn one_line(error: &clap::Error) -> CommandError {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return CommandError::new("no command given: `cargo lab --help` says which there are");
    }
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let mut lines: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|line| !line.starts_with("For more information") && !line.contains("as a value, use '--"))
        .collect();
    let suggests = lines.iter().any(|line| line.trim_start().starts_with("tip:"));
    if error.kind() == ErrorKind::UnknownArgument && !suggests {
        lines.push("`--help` after the command lists its options");
    }
    CommandError::new(lines.join("\n"))
}

fn backends() -> impl TypedValueParser<Value = Backend> {
    PossibleValuesParser::new(Backend::ALL.map(Backend::name)).try_map(|name| name.parse::<Backend>())
}

fn policies() -> impl TypedValueParser<Value = Policy> {
    PossibleValuesParser::new(Policy::ALL.map(Policy::name)).try_map(|name| name.parse::<Policy>())
}

fn at_least_one(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|&number| number > 0)
        .ok_or_else(|| format!("give a whole number from 1 to {}", u32::MAX))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "give seconds, such as 60 or 2.5".to_owned();
    let seconds: f64 = text.strip_suffix('s').unwrap_or(text).parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// Minutes and seconds, but not none.
fn some_time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("give a time with its unit, such as 90s, 10m or 1h30m".to_owned()),
    }
}

/// Seconds, but not none: no run ends at once.
fn some_seconds(text: &str) -> Result<Duration, String> {
    let time = seconds(text)?;
    if time.is_zero() { Err("give more than 0 seconds, such as 60 or 2.5".to_owned()) } else { Ok(time) }
}

fn level(text: &str) -> Result<log::Level, String> {
    text.parse().map_err(|_| "give error, warn, info, debug or trace".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        let arguments = std::iter::once("lab").chain(arguments.iter().copied()).map(OsString::from);
        match parse(arguments) {
            Err(Stop::Refused(error)) => error.to_string(),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    #[test]
    fn clap_finds_no_fault_with_the_definitions() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_refusal_is_one_line_that_says_what_would_be_right() {
        for (arguments, says) in [
            (&["test", "--runs", "0"][..], "from 1 to 4294967295"),
            (&["test", "--runs", "many"], "from 1 to 4294967295"),
            (&["test", "--jobs", "0"], "from 1 to 4294967295"),
            (&["test", "--seed", "-1"], "decimal (31) or hexadecimal (0x1f)"),
            (&["test", "--seed", "0xyz"], "decimal (31) or hexadecimal (0x1f)"),
            (&["test", "--policy", "rondom"], "random"),
            (&["test", "--backend", "moon"], "sim, threads"),
            (&["test", "--sed", "1"], "--seed"),
            (&["test", "--frobnicate"], "--help"),
            (&["test", "--for", "long"], "90s, 10m or 1h30m"),
            (&["test", "--for", "10"], "90s, 10m or 1h30m"),
            (&["test", "--for", "0s"], "90s, 10m or 1h30m"),
            (&["test", "--for", "10m", "--runs", "3"], "--runs"),
            (&["test", "--until-failure", "--runs", "3"], "--runs"),
            (&["test", "--wall-limit", "soon"], "60 or 2.5"),
            (&["test", "--wall-limit", "-1"], "--wall-limit"),
            (&["test", "--wall-limit", "0"], "more than 0 seconds"),
            (&["tset"], "'test'"),
            (&["replay", "backup_3b"], "--seed"),
            (&["replay", "--seed", "1"], "TEST"),
            (&["replay", "--level", "loud"], "warn"),
            (&["replay", "--since", "-1"], "--since"),
            #[cfg(feature = "grading")]
            (&["grade", "ann", "--out", "o", "--time-limit", "600"], "90s, 10m or 1h30m"),
            #[cfg(feature = "grading")]
            (&["handout", "there", "--parts", "3A,3E"], "there is no part `3E`; the parts are 2A, 2B, 3A"),
            (&[], "says which there are"),
        ] {
            let refusal = refusal(arguments);
            assert!(refusal.contains(says), "{arguments:?}: {refusal:?} does not say {says:?}");
            assert!(!refusal.contains('\n') && !refusal.contains("Usage"), "{arguments:?}: {refusal:?}");
        }
    }
}

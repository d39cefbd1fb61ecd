//! What can be asked for on the command line, and errors about it that fit on one line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use labrt::world::{Backend, Policy};

use crate::error::CommandError;

/// The distributed systems labs, simulated: one seed determines the whole run.
#[derive(Parser, Debug)]
#[command(name = "lab", bin_name = "cargo lab", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// The commands that students have.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run tests
    Test(TestArgs),
    /// Run one test again, with its log; without arguments, the last failure
    Replay(ReplayArgs),
    /// List tests, their parts, titles and points
    List(ListArgs),
    /// Carry out runs for the process that started this one
    #[command(hide = true)]
    Worker,
}

/// The arguments of `lab test`.
#[derive(Args, Debug)]
pub struct TestArgs {
    /// Which tests: a part (3A), a name or a piece of names (backup); all if there is none
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,

    /// Runs of each test, over N seeds beginning with the first
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one, allow_negative_numbers = true)]
    pub runs: u32,

    /// Run all tests again and again, each time over another seed, until a run fails
    #[arg(long, conflicts_with = "runs")]
    pub until_failure: bool,

    /// Run all tests again and again, each time over another seed, for so long: 90s, 10m, 1h30m
    #[arg(long = "for", value_name = "TIME", conflicts_with = "runs", value_parser = some_time, allow_negative_numbers = true)]
    pub time: Option<Duration>,

    /// The first seed, decimal or 0x hexadecimal; if not given, a fresh one, which is printed
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// Runs side by side; if not given, all cores in simulation, and one on real threads
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub jobs: Option<u32>,

    /// Write the results as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Stop at the first failure
    #[arg(long)]
    pub fail_fast: bool,

    /// The solution to test, of those that are compiled in; if not given, the first
    #[arg(long, value_name = "NAME")]
    pub solution: Option<String>,

    /// How the simulation chooses the next thread
    #[arg(long, value_name = "P", default_value_t = Policy::default(), value_parser = policies())]
    pub policy: Policy,

    /// Where runs take place.
    #[command(flatten)]
    pub backend: BackendArgs,
}

/// Where runs take place.
#[derive(Args, Debug)]
pub struct BackendArgs {
    /// Simulated, or on real threads in real time
    #[arg(long, value_name = "B", default_value_t = Backend::default(), value_parser = backends())]
    pub backend: Backend,

    /// Seconds of processor time after which a run that has not ended is given up; 60 if not given, and 180
    /// on real threads
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, allow_negative_numbers = true)]
    wall_limit: Option<Duration>,
}

impl BackendArgs {
    /// Processor time after which a run is given up. On real threads a test ends itself after 150 s.
    pub fn wall_limit(&self) -> Duration {
        let limit = match self.backend {
            Backend::Simulation => 60,
            Backend::Threads => 180,
        };
        self.wall_limit.unwrap_or(Duration::from_secs(limit))
    }
}

/// The arguments of `lab replay`.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The test; needs --seed. Without both, the last failure is replayed
    #[arg(requires = "seed")]
    pub test: Option<String>,

    /// Replay a failure of this file, which `lab test` writes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["test", "seed", "solution", "policy"])]
    pub from: Option<PathBuf>,

    /// Which failure of the file, counted from 1
    #[arg(long, value_name = "N", default_value = "1", requires = "from", value_parser = at_least_one, allow_negative_numbers = true)]
    pub number: u32,

    /// The seed of the run, decimal or 0x hexadecimal
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true, requires = "test")]
    pub seed: Option<u64>,

    /// The solution, of those that are compiled in; the last failure's, or the first
    #[arg(long, value_name = "NAME")]
    pub solution: Option<String>,

    /// How the simulation chooses the next thread; the last failure's, or `random`
    #[arg(long, value_name = "P", value_parser = policies())]
    pub policy: Option<Policy>,

    /// Where runs take place.
    #[command(flatten)]
    pub backend: BackendArgs,

    /// Show only lines of this server
    #[arg(long, value_name = "N")]
    pub server: Option<u32>,

    /// Show only lines from this virtual time on, in seconds
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    pub since: Option<Duration>,

    /// Show only lines up to this virtual time, in seconds
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    pub until: Option<Duration>,

    /// Show only lines that contain this text
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,

    /// Show only lines of this level and the graver ones: error, warn, info, debug or trace
    #[arg(long, value_name = "L", value_parser = level)]
    pub level: Option<log::Level>,
}

/// The arguments of `lab list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Why there is no command to carry out.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version was asked for, and shown.
    Shown,
    /// The arguments make no sense.
    Refused(CommandError),
}

/// Reads the arguments of a command line that clap knows by its type, the program's own name first.
///
/// # Errors
///
/// [`Stop`]: help was shown, or the arguments make no sense.
pub fn parse<C: Parser>(arguments: impl Iterator<Item = OsString>) -> Result<C, Stop> {
    match C::try_parse_from(arguments) {
        Ok(line) => Ok(line),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // A reader who closed the pipe has seen enough.
            let _ = error.print();
            Err(Stop::Shown)
        }
        Err(error) => Err(Stop::Refused(one_line(&error))),
    }
}

/// The students' command line.
pub(crate) fn command(arguments: impl Iterator<Item = OsString>) -> Result<Command, Stop> {
    parse::<CommandLine>(arguments).map(|line| line.command)
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

/// A whole number that is not 0.
///
/// # Errors
///
/// The sentence that says what would be right.
pub fn at_least_one(text: &str) -> Result<u32, String> {
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

/// A time with its unit, but not none.
///
/// # Errors
///
/// The sentence that says what would be right.
pub fn some_time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("give a time with its unit, such as 90s, 10m or 1h30m".to_owned()),
    }
}

/// Seconds, but not none: no run ends at once.
///
/// # Errors
///
/// The sentence that says what would be right.
pub fn some_seconds(text: &str) -> Result<Duration, String> {
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
        match command(arguments) {
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
            (&[], "says which there are"),
        ] {
            let refusal = refusal(arguments);
            assert!(refusal.contains(says), "{arguments:?}: {refusal:?} does not say {says:?}");
            assert!(!refusal.contains('\n') && !refusal.contains("Usage"), "{arguments:?}: {refusal:?}");
        }
    }
}

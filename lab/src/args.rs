//! The arguments of the command line, and errors about them that fit on one line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args, ColorChoice, Parser, Subcommand, ValueEnum};
use labrt::world::{Backend, Policy};
use tester::event::transcript::LineKind;

use crate::error::CommandError;
use crate::shard::Shard;

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

/// The commands that students have.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run tests
    #[command(after_help = TEST_EXAMPLES)]
    Test(TestArgs),
    /// Make the results of one command of those of its shards
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(MergeArgs),
    /// Run one test again, with its log; without arguments, the last failure
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// Explain a rule that a run broke, or a kind of failure; without arguments, list them
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Write the page of a run, to walk through it in a browser; without arguments, of the last failure
    #[command(after_help = PAGE_EXAMPLES)]
    Page(PageArgs),
    /// List tests, their parts, titles and points
    List(ListArgs),
    /// Print a script that completes the command line in a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Carry out runs for the process that started this one
    #[command(hide = true)]
    Worker,
}

/// The end of the help of `cargo lab`.
const EXAMPLES: &str = "\
Examples:
  cargo lab test 3B --runs 100    each test of part 3B over 100 seeds
  cargo lab replay                the last failure again, with its log";

/// The end of the help of `lab test`.
pub const TEST_EXAMPLES: &str = "\
Examples:
  cargo lab test                               all tests, once
  cargo lab test 3B --runs 100 -x              part 3B over 100 seeds, up to the first failure
  cargo lab test 3 --skip 3D --for 10m         parts 3A to 3C for ten minutes
  cargo lab test backup --list                 the tests with `backup` in their names
  cargo lab test backup_3b --exact --seed 31   one run";

/// The end of the help of `lab merge`.
pub const MERGE_EXAMPLES: &str = "\
Examples:
  cargo lab test 3 --runs 8000 --seed 1 --shard 2/8 --out stress    the second of eight parts
  cargo lab merge stress --json results.json                        all eight together";

/// The end of the help of `lab replay`.
pub const REPLAY_EXAMPLES: &str = "\
Examples:
  cargo lab replay                                     the last failure
  cargo lab replay backup_3b --seed 0x1f --server 2    this run; the lines of server 2
  cargo lab replay --since 2 --until 3.5               the last failure, from 2 s to 3.5 s
  cargo lab replay --kind log                          its log, without events
  cargo lab replay --step                              event by event, as in a debugger
  cargo lab replay --from target/lab/failures.jsonl --number 3";

/// The end of the help of `lab explain`.
pub const EXPLAIN_EXAMPLES: &str = "\
Examples:
  cargo lab explain            all rules and kinds of failures
  cargo lab explain AE1        a rule: what the paper says, the usual mistake, how to mend it
  cargo lab explain deadlock   a kind of failure";

/// The end of the help of `lab page`.
pub const PAGE_EXAMPLES: &str = "\
Examples:
  cargo lab page --open                                  the last failure, in the browser
  cargo lab page backup_3b --seed 0x1f --out run.html    this run, failed or passed
  cargo lab page --against 7                             the last failure, compared with seed 7";

/// The end of the help of `lab completions`.
pub const COMPLETIONS_EXAMPLES: &str = "\
The script completes the command `lab`. Write it to a file, and add to the shell's start-up file:
  cargo lab completions bash > ~/.lab.bash    lab() { cargo lab \"$@\"; }; source ~/.lab.bash
  cargo lab completions zsh > ~/.lab.zsh      lab() { cargo lab \"$@\"; }; source ~/.lab.zsh
  cargo lab completions fish > ~/.lab.fish    function lab; cargo lab $argv; end; source ~/.lab.fish";

/// The headings of options in the help texts.
mod heading {
    pub(super) const SELECTION: &str = "Selection";
    pub(super) const SEEDS: &str = "Seeds";
    pub(super) const EXECUTION: &str = "Execution";
    pub(super) const OUTPUT: &str = "Output";
    pub(super) const LINES: &str = "Lines";
    /// Without it, clap would put these options before all others.
    pub(super) const OTHER: &str = "Options";
}

/// The options that every command takes.
#[derive(Args, Debug)]
pub struct GlobalArgs {
    /// Colour the output; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", global = true, default_value_t, value_enum)]
    #[arg(help_heading = heading::OUTPUT)]
    pub color: ColorChoice,

    /// Print help: with -h a summary, with --help all of it
    #[arg(long, short, global = true, action = ArgAction::Help, help_heading = heading::OTHER)]
    help: Option<bool>,
}

/// The option that prints the version. Commands do not have it.
#[derive(Args, Debug)]
pub struct VersionArg {
    /// Print the version
    #[arg(long, short = 'V', action = ArgAction::Version, help_heading = heading::OTHER)]
    version: Option<bool>,
}

/// The arguments of `lab test`.
#[derive(Args, Debug)]
pub struct TestArgs {
    /// Tests to run: a part (3A), a lab (3), a name or a piece of names (backup); all if none is given
    #[arg(value_name = "FILTER", value_parser = Filter, hide_possible_values = true)]
    pub filters: Vec<String>,

    /// Leave out tests, by the same kind of filter; may be given several times
    #[arg(long, value_name = "FILTER", value_parser = Filter, hide_possible_values = true)]
    #[arg(help_heading = heading::SELECTION)]
    pub skip: Vec<String>,

    /// Take a filter for a part, a lab or a whole name, and never for a piece of a name
    #[arg(long, help_heading = heading::SELECTION)]
    pub exact: bool,

    /// List the chosen tests, and run none
    #[arg(long, conflicts_with_all = ["json", "junit", "out"], help_heading = heading::SELECTION)]
    pub list: bool,

    /// First seed, decimal or 0x hexadecimal; if not given, a fresh one, which is printed
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    #[arg(help_heading = heading::SEEDS)]
    pub seed: Option<u64>,

    /// Runs of each test, over N consecutive seeds from the first on
    #[arg(long, visible_alias = "count", value_name = "N", default_value = "1", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::SEEDS)]
    pub runs: u32,

    /// Run all tests over one seed, then all over the next, until a run fails
    #[arg(long, conflicts_with = "runs", help_heading = heading::SEEDS)]
    pub until_failure: bool,

    /// Run all tests over one seed, then all over the next, until the time is up: 90s, 10m, 1h30m
    #[arg(long = "for", visible_alias = "duration", value_name = "TIME", conflicts_with = "runs")]
    #[arg(value_parser = some_time, allow_negative_numbers = true, help_heading = heading::SEEDS)]
    pub time: Option<Duration>,

    /// Runs at a time; if not given, one per core in simulation, and one on real threads
    #[arg(long, short, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    #[arg(help_heading = heading::EXECUTION)]
    pub jobs: Option<u32>,

    /// Stop at the first failure, in the order of tests and seeds
    #[arg(long, short = 'x', help_heading = heading::EXECUTION)]
    pub fail_fast: bool,

    /// Make all runs, also those of a test that failed 20 times in a row for the same cause and never passed
    #[arg(long, help_heading = heading::EXECUTION)]
    pub all_runs: bool,

    /// Watch all runs, and fail one that breaks a rule of the paper, even if no test notices
    #[arg(long, help_heading = heading::EXECUTION)]
    pub strict: bool,

    /// Watch all runs, and print the situations that the solution was put through, and those that it was not
    #[arg(long, help_heading = heading::OUTPUT)]
    pub coverage: bool,

    /// Make only part I of N of the runs, and write their results into --out, for `lab merge`
    #[arg(long, value_name = "I/N", requires = "out", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["until_failure", "time", "list", "json", "junit"])]
    #[arg(help_heading = heading::EXECUTION)]
    pub shard: Option<Shard>,

    /// Solution to test, one of those that are compiled in; if not given, the first
    #[arg(long, value_name = "NAME", help_heading = heading::EXECUTION)]
    pub solution: Option<String>,

    /// The scheduling policy, by which the simulation chooses the next thread
    #[arg(long, visible_alias = "scheduler", value_name = "P", default_value_t = Policy::default())]
    #[arg(value_parser = policies(), help_heading = heading::EXECUTION)]
    pub policy: Policy,

    /// Play the fault plan of this file in place of the one that the seed draws; for one test with a plan
    #[arg(long, value_name = "FILE", help_heading = heading::EXECUTION)]
    pub plan: Option<PathBuf>,

    /// Do not look for a smaller fault plan that fails in the same way
    #[arg(long, help_heading = heading::EXECUTION)]
    pub no_shrink: bool,

    /// The backend that carries out the runs.
    #[command(flatten)]
    pub backend: BackendArgs,

    /// Write the results as JSON
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub json: Option<PathBuf>,

    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub junit: Option<PathBuf>,

    /// Folder for the results of shards; without --shard, for times.json with all times that were measured,
    /// which --json and --junit do not have then
    #[arg(long, value_name = "DIR", help_heading = heading::OUTPUT)]
    pub out: Option<PathBuf>,

    /// No effect: `cargo lab replay` shows what lab code prints
    #[arg(long, alias = "nocapture", help_heading = heading::OUTPUT)]
    pub no_capture: bool,
}

/// The arguments of `lab merge`.
#[derive(Args, Debug)]
pub struct MergeArgs {
    /// The folder of --out, in which all shards have written their results
    #[arg(value_name = "DIR")]
    pub out: PathBuf,

    /// Write the results as JSON
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub json: Option<PathBuf>,

    /// Write the results as JUnit XML; of `lab test` only
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub junit: Option<PathBuf>,
}

/// The backend that carries out the runs, and its limits.
#[derive(Args, Debug)]
pub struct BackendArgs {
    /// Simulation, or real threads in real time
    #[arg(long, value_name = "B", default_value_t = Backend::default(), value_parser = backends())]
    #[arg(help_heading = heading::EXECUTION)]
    pub backend: Backend,

    /// Limit on the CPU time of a run, in seconds; if not given, 60, and 180 on real threads
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, allow_negative_numbers = true)]
    #[arg(help_heading = heading::EXECUTION)]
    wall_limit: Option<Duration>,
}

impl BackendArgs {
    /// The limit on the CPU time of a run, if it was given.
    pub(crate) fn given_wall_limit(&self) -> Option<Duration> {
        self.wall_limit
    }

    /// The limit on the CPU time of a run. On real threads a test ends itself after 150 s of real time.
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
    #[arg(requires = "seed", value_parser = Filter, hide_possible_values = true)]
    pub test: Option<String>,

    /// Seed of the run, decimal or 0x hexadecimal
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    #[arg(requires = "test", help_heading = heading::SELECTION)]
    pub seed: Option<u64>,

    /// Replay a failure of this file, which `lab test` writes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["test", "seed", "solution", "policy", "strict"])]
    #[arg(help_heading = heading::SELECTION)]
    pub from: Option<PathBuf>,

    /// Number of the failure in the file, counted from 1
    #[arg(long, value_name = "N", default_value = "1", requires = "from", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::SELECTION)]
    pub number: u32,

    /// Solution to run, one of those that are compiled in; if not given, the last failure's, or the first
    #[arg(long, value_name = "NAME", help_heading = heading::EXECUTION)]
    pub solution: Option<String>,

    /// The scheduling policy; if not given, the last failure's, or `random`
    #[arg(long, visible_alias = "scheduler", value_name = "P", value_parser = policies())]
    #[arg(help_heading = heading::EXECUTION)]
    pub policy: Option<Policy>,

    /// Play the fault plan of this file in place of the one that the seed draws
    #[arg(long, value_name = "FILE", conflicts_with = "from", help_heading = heading::EXECUTION)]
    pub plan: Option<PathBuf>,

    /// Fail the run where it breaks a rule of the paper, as `lab test --strict` does
    #[arg(long, help_heading = heading::EXECUTION)]
    pub strict: bool,

    /// The backend that carries out the run.
    #[command(flatten)]
    pub backend: BackendArgs,

    /// Walk through the events of the run one by one; `h` and Enter show the commands
    #[arg(long, conflicts_with = "json", help_heading = heading::OUTPUT)]
    pub step: bool,

    /// Print the events and the log as JSON, an object a line, and everything else on the standard error
    #[arg(long, help_heading = heading::OUTPUT)]
    pub json: bool,

    /// Show only lines of this server, counted from 0: of a call, caller or callee
    #[arg(long, value_name = "N", help_heading = heading::LINES)]
    pub server: Option<u32>,

    /// Show only lines from this virtual time on, in seconds
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    #[arg(help_heading = heading::LINES)]
    pub since: Option<Duration>,

    /// Show only lines up to this virtual time, in seconds
    #[arg(long, value_name = "TIME", value_parser = seconds, allow_negative_numbers = true)]
    #[arg(help_heading = heading::LINES)]
    pub until: Option<Duration>,

    /// Show only lines that contain this text
    #[arg(long, value_name = "TEXT", help_heading = heading::LINES)]
    pub grep: Option<String>,

    /// Show only lines of this level and the more severe ones: error, warn, info, debug or trace
    #[arg(long, value_name = "L", value_parser = level, help_heading = heading::LINES)]
    pub level: Option<log::Level>,

    /// Show only lines of these kinds, with commas between: log, message, save, server, link, operation,
    /// agreement, state, violation
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kinds())]
    #[arg(help_heading = heading::LINES)]
    pub kind: Vec<LineKind>,

    /// Show also each line that brings nothing new, such as a heartbeat like the one before
    #[arg(long, help_heading = heading::LINES)]
    pub heartbeats: bool,
}

/// The arguments of `lab explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// A rule, such as AE1, or a kind of failure, such as deadlock
    #[arg(value_name = "RULE", value_parser = Explained, hide_possible_values = true)]
    pub name: Option<String>,
}

/// The arguments of `lab page`.
#[derive(Args, Debug)]
pub struct PageArgs {
    /// The test; needs --seed. Without both, the page is of the last failure
    #[arg(requires = "seed", value_parser = Filter, hide_possible_values = true)]
    pub test: Option<String>,

    /// Seed of the run, decimal or 0x hexadecimal
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    #[arg(requires = "test", help_heading = heading::SELECTION)]
    pub seed: Option<u64>,

    /// Take a failure of this file, which `lab test` writes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["test", "seed", "solution", "policy"])]
    #[arg(help_heading = heading::SELECTION)]
    pub from: Option<PathBuf>,

    /// Number of the failure in the file, counted from 1
    #[arg(long, value_name = "N", default_value = "1", requires = "from", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::SELECTION)]
    pub number: u32,

    /// Solution to run, one of those that are compiled in; if not given, the last failure's, or the first
    #[arg(long, value_name = "NAME", help_heading = heading::EXECUTION)]
    pub solution: Option<String>,

    /// The scheduling policy; if not given, the last failure's, or `random`
    #[arg(long, visible_alias = "scheduler", value_name = "P", value_parser = policies())]
    #[arg(help_heading = heading::EXECUTION)]
    pub policy: Option<Policy>,

    /// Play the fault plan of this file in place of the one that the seed draws
    #[arg(long, value_name = "FILE", conflicts_with = "from", help_heading = heading::EXECUTION)]
    pub plan: Option<PathBuf>,

    /// Mark the first event of which the run of this other seed has no like
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    #[arg(help_heading = heading::OUTPUT)]
    pub against: Option<u64>,

    /// File to write; if not given, target/lab/pages/TEST-SEED.html
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub out: Option<PathBuf>,

    /// Open the page in the browser
    #[arg(long, help_heading = heading::OUTPUT)]
    pub open: bool,
}

/// The arguments of `lab list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Print JSON instead of a table
    #[arg(long, help_heading = heading::OUTPUT)]
    pub json: bool,
}

/// The arguments of `lab completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell that reads the script
    #[arg(value_name = "bash|zsh|fish", hide_possible_values = true)]
    pub shell: Shell,
}

/// A shell that completes commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
}

/// A command line without a command to carry out.
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

/// Options of other test runners that no command takes, and the reason.
const REFUSED: [(&str, &str); 1] = [(
    "--retries",
    "a seed is replayed, not retried, because the same seed fails again: `cargo lab replay` shows the last \
     failure, and `cargo lab test --runs N` runs N seeds",
)];

/// clap's message without its usage and its advice to write an option as a value.
fn one_line(error: &clap::Error) -> CommandError {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return CommandError::new("no command given: `cargo lab --help` lists the commands");
    }
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && let Some((option, reason)) = REFUSED.iter().find(|(name, _)| name == option)
    {
        return CommandError::new(format!("there is no `{option}`: {reason}"));
    }
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let mut lines: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|line| !line.starts_with("For more information") && !line.contains("as a value, use '--"))
        // The names of all tests, where a filter has no value.
        .filter(|line| !line.contains("[possible values:") || line.len() < 200)
        .collect();
    let suggests = lines.iter().any(|line| line.trim_start().starts_with("tip:"));
    if error.kind() == ErrorKind::UnknownArgument && !suggests {
        lines.push("`--help` after the command lists its options");
    }
    CommandError::new(lines.join("\n"))
}

/// A filter: any text, for `test` knows which ones match. Shells complete it to parts and names of tests.
#[derive(Debug, Clone)]
struct Filter;

impl TypedValueParser for Filter {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let mut parts: Vec<&str> = tester::cases().iter().map(|case| case.part).collect();
        parts.dedup();
        let names = tester::cases().iter().map(|case| case.name);
        Some(Box::new(parts.into_iter().chain(names).map(PossibleValue::new)))
    }
}

/// The name of a page: any text, for `explain` knows which ones there are. Shells complete it to those.
#[derive(Debug, Clone)]
struct Explained;

impl TypedValueParser for Explained {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(crate::explain::names().into_iter().map(PossibleValue::new)))
    }
}

fn backends() -> impl TypedValueParser<Value = Backend> {
    PossibleValuesParser::new(Backend::ALL.map(Backend::name)).try_map(|name| name.parse::<Backend>())
}

/// The parser of the name of a scheduling policy.
pub fn policies() -> impl TypedValueParser<Value = Policy> {
    PossibleValuesParser::new(Policy::ALL.map(Policy::name)).try_map(|name| name.parse::<Policy>())
}

fn kinds() -> impl TypedValueParser<Value = LineKind> {
    let named = |name: String| LineKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or("unknown");
    PossibleValuesParser::new(LineKind::ALL.map(LineKind::name)).try_map(named)
}

/// A whole number from 1 on.
///
/// # Errors
///
/// A sentence that says which values are right.
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

/// A time with its unit, longer than 0.
///
/// # Errors
///
/// A sentence that says which values are right.
pub fn some_time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("give a time with its unit, such as 90s, 10m or 1h30m".to_owned()),
    }
}

/// Seconds, more than 0: no run ends at once.
///
/// # Errors
///
/// A sentence that says which values are right.
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
        match parse::<CommandLine>(arguments) {
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
            (&["test", "--xyzzy"], "--help"),
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
            (&["page", "backup_3b"], "--seed"),
            (&["page", "--seed", "1"], "TEST"),
            (&["page", "--against", "-1"], "decimal (31) or hexadecimal (0x1f)"),
            (&["page", "--number", "2"], "--from"),
            (&["replay", "--from", "file", "--plan", "file"], "--from"),
            (&["page", "--from", "file", "--plan", "file"], "--from"),
            (&["test", "--plan"], "--plan <FILE>"),
            (&["replay", "--since", "-1"], "--since"),
            (&["test", "-j", "0"], "from 1 to 4294967295"),
            (&["test", "--count", "0"], "from 1 to 4294967295"),
            (&["test", "--duration", "10"], "90s, 10m or 1h30m"),
            (&["test", "--scheduler", "rondom"], "random"),
            (&["test", "--skip"], "--skip <FILTER>"),
            (&["test", "--list", "--json", "file"], "--json"),
            (&["test", "--color", "sometimes"], "auto, always, never"),
            (&["test", "--shard", "5/4", "--out", "o"], "I from 1 to N"),
            (&["test", "--shard", "0/4", "--out", "o"], "I from 1 to N"),
            (&["test", "--shard", "x", "--out", "o"], "I from 1 to N"),
            (&["test", "--shard", "-1/4", "--out", "o"], "I from 1 to N"),
            (&["test", "--shard", "1/4"], "--out <DIR>"),
            (&["test", "--shard", "1/4", "--out", "o", "--until-failure"], "--until-failure"),
            (&["test", "--shard", "1/4", "--out", "o", "--for", "10m"], "--for <TIME>"),
            (&["test", "--shard", "1/4", "--out", "o", "--list"], "--list"),
            (&["test", "--shard", "1/4", "--out", "o", "--json", "file"], "--json <FILE>"),
            (&["merge"], "DIR"),
            (&["completions"], "bash|zsh|fish"),
            (&["completions", "tcsh"], "bash, zsh, fish"),
            (&["test", "--retries", "3"], "a seed is replayed, not retried"),
            (&["test", "--retries=3"], "cargo lab replay"),
            (&["replay", "--retries", "3"], "a seed is replayed, not retried"),
            (&[], "lists the commands"),
        ] {
            let refusal = refusal(arguments);
            assert!(refusal.contains(says), "{arguments:?}: {refusal:?} does not say {says:?}");
            assert!(!refusal.contains('\n') && !refusal.contains("Usage"), "{arguments:?}: {refusal:?}");
        }
    }

    fn accepted(arguments: &str) -> CommandLine {
        parse(std::iter::once("lab").chain(arguments.split(' ')).map(OsString::from)).expect("accepted")
    }

    fn test_args(arguments: &str) -> TestArgs {
        match accepted(&format!("test {arguments}")).command {
            Command::Test(args) => args,
            other => panic!("expected `test`, got {other:?}"),
        }
    }

    #[test]
    fn options_have_the_names_that_people_try() {
        for (name, alias) in [
            ("--jobs 3", "-j 3"),
            ("--jobs 3", "-j3"),
            ("--fail-fast", "-x"),
            ("--runs 7", "--count 7"),
            ("--for 10m", "--duration 10m"),
            ("--policy sticky", "--scheduler sticky"),
            ("--no-capture", "--nocapture"),
        ] {
            let (one, other) = (format!("{:?}", test_args(name)), format!("{:?}", test_args(alias)));
            assert_eq!(one, other, "{name}, {alias}");
            assert_ne!(one, format!("{:?}", test_args("--seed 1")), "{name} changes something");
        }
        let policy = |arguments: &str| match accepted(arguments).command {
            Command::Replay(args) => args.policy,
            other => panic!("expected `replay`, got {other:?}"),
        };
        assert_eq!(policy("replay --scheduler sticky"), Some(Policy::Sticky));
    }

    #[test]
    fn tests_are_selected_by_filters_and_skips() {
        let args = test_args("3A backup --skip re_election --skip 3D --exact --list");
        assert_eq!(
            (args.filters, args.skip),
            (vec!["3A".to_owned(), "backup".to_owned()], vec!["re_election".to_owned(), "3D".to_owned()],)
        );
        assert!(args.exact && args.list);
        let args = test_args("--seed 1");
        assert!(args.skip.is_empty() && !args.exact && !args.list);
    }

    #[test]
    fn a_colour_is_chosen_before_and_after_the_command() {
        for arguments in
            ["--color never test", "test --color never", "replay --color=never", "--color never list"]
        {
            assert_eq!(accepted(arguments).global.color, ColorChoice::Never, "{arguments}");
        }
        assert_eq!(accepted("test").global.color, ColorChoice::Auto);
    }

    #[test]
    fn examples_fit_into_the_width_of_the_help() {
        for text in [
            EXAMPLES,
            TEST_EXAMPLES,
            MERGE_EXAMPLES,
            REPLAY_EXAMPLES,
            EXPLAIN_EXAMPLES,
            PAGE_EXAMPLES,
            COMPLETIONS_EXAMPLES,
        ] {
            assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        }
    }

    #[test]
    fn examples_are_accepted() {
        for text in
            [EXAMPLES, TEST_EXAMPLES, MERGE_EXAMPLES, REPLAY_EXAMPLES, EXPLAIN_EXAMPLES, PAGE_EXAMPLES]
        {
            let commands = text.lines().filter_map(|line| line.trim_start().strip_prefix("cargo lab "));
            let mut number = 0;
            for command in commands {
                // The explanation stands after two spaces or more.
                accepted(command.split("  ").next().unwrap_or(command));
                number += 1;
            }
            assert!(number > 1, "{text}");
        }
    }
}

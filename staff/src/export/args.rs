//! The arguments of `lab export`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use lab::args::{at_least_one, some_time};

/// The headings of options in the help texts.
mod heading {
    pub(super) const RUNS: &str = "Runs";
    pub(super) const RESULTS: &str = "Results";
    pub(super) const SANDBOX: &str = "Building and rules";
}

/// The arguments of `lab export`.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    pub(super) format: Format,
}

/// What is written.
#[derive(Subcommand, Debug)]
pub(super) enum Format {
    /// The autograder that Gradescope takes, as a zip
    Gradescope(GradescopeArgs),
    /// The scores of each submission as Autolab takes them, in OUT/NAME/autolab.json
    Autolab(ResultsArgs),
    /// The scores of each submission as GitHub Classroom's reporter takes them, in OUT/NAME/result.json
    Classroom(ResultsArgs),
    /// A page that compares the latency and the RPCs of the submissions that pass
    Leaderboard(LeaderboardArgs),
}

/// Results of a grading.
#[derive(Args, Debug)]
pub(super) struct ResultsArgs {
    /// The folder of results: `--out` of `lab grade`
    #[arg(value_name = "OUT")]
    pub(super) results: PathBuf,
}

/// The arguments of `lab export leaderboard`.
#[derive(Args, Debug)]
pub(super) struct LeaderboardArgs {
    #[command(flatten)]
    pub(super) of: ResultsArgs,

    /// File to write; if not given, leaderboard.html in OUT
    #[arg(long, value_name = "FILE", help_heading = heading::RESULTS)]
    pub(super) html: Option<PathBuf>,
}

/// The arguments of `lab export gradescope`.
#[derive(Args, Debug)]
pub(super) struct GradescopeArgs {
    /// The zip to write
    #[arg(long, value_name = "FILE", help_heading = heading::RESULTS)]
    pub(super) out: PathBuf,

    /// Points of the tests, as for `lab grade`
    #[arg(long, value_name = "FILE", help_heading = heading::RESULTS)]
    pub(super) rubric: Option<PathBuf>,

    /// Parts that are graded, separated by commas, in place of the rubric's
    #[arg(long, value_name = "PARTS", value_delimiter = ',', help_heading = heading::RESULTS)]
    pub(super) parts: Vec<String>,

    /// Runs of each test
    #[arg(long, visible_alias = "count", value_name = "N", default_value = "20", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    pub(super) runs: u32,

    /// First seed of all submissions, decimal or 0x hexadecimal; if not given, a fresh one, which is printed
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, allow_negative_numbers = true)]
    #[arg(help_heading = heading::RUNS)]
    pub(super) seed: Option<u64>,

    /// Limit on the real time of a submission, its build included, less than that of Gradescope
    #[arg(long, value_name = "TIME", default_value = "9m 15s", value_parser = some_time)]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    pub(super) time_limit: Duration,

    /// Build and run submissions without a sandbox, for machines that have none
    #[arg(long, help_heading = heading::SANDBOX)]
    pub(super) no_sandbox: bool,
}

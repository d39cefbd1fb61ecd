//! `lab compare`: protocols under the same faults, as tables, JSON and a page.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use compare::{CONTESTANTS, CompareError, Contestant, PLANS, Plan, Setup};
use indicatif::{ProgressBar, ProgressStyle};
use lab::args::at_least_one;
use lab::error::CommandError;
use lab::report::files::ResultFile;
use lab::{Lab, Verdict, interrupt};

/// The headings of options in the help texts.
mod heading {
    pub(super) const SELECTION: &str = "Selection";
    pub(super) const RUNS: &str = "Runs";
    pub(super) const OUTPUT: &str = "Output";
}

/// The arguments of `lab compare`.
#[derive(Args, Debug)]
pub(crate) struct CompareArgs {
    /// Protocols to compare; all if none is given
    #[arg(value_name = "PROTOCOL", value_parser = contestants())]
    protocols: Vec<&'static Contestant>,

    /// Fault plans, separated by commas; all if none is given
    #[arg(long, value_name = "PLAN", value_delimiter = ',', value_parser = plans())]
    #[arg(help_heading = heading::SELECTION)]
    plan: Vec<&'static Plan>,

    /// Servers of each protocol
    #[arg(long, value_name = "3|5", default_value = "5", value_parser = servers())]
    #[arg(hide_possible_values = true, allow_negative_numbers = true)]
    #[arg(help_heading = heading::SELECTION)]
    servers: usize,

    /// Runs of each protocol under each plan, over N consecutive seeds from the first on
    #[arg(long, visible_alias = "count", value_name = "N", default_value = "20", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    runs: u32,

    /// First seed, decimal or 0x hexadecimal
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, default_value = "1")]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    seed: u64,

    /// Runs at a time; if not given, one per core. The results are the same
    #[arg(long, short, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    #[arg(help_heading = heading::RUNS)]
    jobs: Option<u32>,

    /// Write the results as JSON; `-`: print it instead of the tables
    #[arg(long, value_name = "FILE|-", help_heading = heading::OUTPUT)]
    json: Option<PathBuf>,

    /// Write a page with tables and plots: one HTML file
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    html: Option<PathBuf>,
}

fn contestants() -> impl TypedValueParser<Value = &'static Contestant> {
    PossibleValuesParser::new(CONTESTANTS.iter().map(|it| it.name))
        .try_map(|name| Contestant::named(&name).ok_or("unknown"))
}

fn plans() -> impl TypedValueParser<Value = &'static Plan> {
    PossibleValuesParser::new(PLANS.iter().map(|plan| plan.name))
        .try_map(|name| Plan::named(&name).ok_or("unknown"))
}

fn servers() -> impl TypedValueParser<Value = usize> {
    PossibleValuesParser::new(["3", "5"]).try_map(|number| number.parse::<usize>())
}

impl CompareArgs {
    /// What is to be compared: each protocol and each plan once, in the order of all.
    fn setup(&self) -> Setup {
        let chosen =
            |name: &str| self.protocols.is_empty() || self.protocols.iter().any(|it| it.name == name);
        let plans = PLANS.iter().filter(|plan| self.plan.is_empty() || self.plan.contains(plan));
        Setup {
            contestants: CONTESTANTS.iter().copied().filter(|it| chosen(it.name)).collect(),
            plans: plans.collect(),
            servers: self.servers,
            runs: self.runs,
            seed: self.seed,
        }
    }

    /// The command that gives the same results.
    fn command(&self, setup: &Setup) -> String {
        let mut command = String::from("cargo lab compare");
        for protocol in setup.contestants.iter().filter(|_| !self.protocols.is_empty()) {
            command += &format!(" {}", protocol.name);
        }
        if !self.plan.is_empty() {
            let names: Vec<&str> = setup.plans.iter().map(|plan| plan.name).collect();
            command += &format!(" --plan {}", names.join(","));
        }
        format!("{command} --servers {} --runs {} --seed {}", self.servers, self.runs, self.seed)
    }
}

/// Compares the chosen protocols, of the first solution.
pub(crate) fn compare(lab: &Lab, args: &CompareArgs) -> Result<Verdict, CommandError> {
    let setup = args.setup();
    let prints_json = args.json.as_deref() == Some(Path::new("-"));
    if args.json.is_some() && args.json == args.html {
        return Err(CommandError::new("--json and --html name the same file; give two"));
    }
    let json = ResultFile::open("--json", args.json.as_deref().filter(|_| !prints_json))?;
    let html = ResultFile::open("--html", args.html.as_deref())?;
    let solution = lab.solutions.first().ok_or_else(|| CommandError::new("there is no solution"))?;
    interrupt::watch("stopping; there is no result")?;

    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = args.jobs.map_or_else(cores, |jobs| jobs as usize);
    let bar = progress_bar(setup.contestants.len() * setup.plans.len() * setup.runs as usize);
    let goes_on = || {
        bar.inc(1);
        !interrupt::has_come()
    };
    let compared = compare::compare(&setup, solution, jobs, &goes_on);
    bar.finish_and_clear();
    let comparison = match compared {
        Err(CompareError::Stopped) => return Ok(Verdict::Failed),
        compared => compared.map_err(|error| CommandError::new(error.to_string()))?,
    };
    if let Some(json) = json {
        json.write(&comparison.to_json())?;
    }
    if let Some(html) = html {
        html.write(&compare::html(&comparison, &args.command(&setup)))?;
    }
    print!("{}", if prints_json { comparison.to_json() } else { compare::text(&comparison) });
    Ok(Verdict::Passed)
}

/// On a terminal, the runs that have begun.
fn progress_bar(runs: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} runs").expect("the template is right");
    ProgressBar::new(runs as u64).with_style(style)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CompareArgs,
    }

    fn parsed(arguments: &str) -> CompareArgs {
        Line::try_parse_from(std::iter::once("compare").chain(arguments.split_whitespace()))
            .map(|line| line.args)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn what_is_named_is_compared_once_and_in_order() {
        let setup = parsed("paxos raft paxos --plan loss,calm --plan loss --servers 3").setup();
        assert_eq!(setup.contestants.iter().map(|it| it.name).collect::<Vec<_>>(), ["raft", "paxos"]);
        assert_eq!(setup.plans.iter().map(|it| it.name).collect::<Vec<_>>(), ["calm", "loss"]);
        assert_eq!((setup.servers, setup.runs, setup.seed), (3, 20, 1));
        let all = parsed("").setup();
        assert_eq!(
            (all.contestants.len(), all.plans.len(), all.servers),
            (CONTESTANTS.len(), PLANS.len(), 5)
        );
    }

    #[test]
    fn the_command_of_a_page_makes_it_again() {
        for arguments in ["", "paxos raft --plan loss,calm --servers 3 --runs 7 --seed 0x1f"] {
            let (args, command) = (parsed(arguments), |args: &CompareArgs| args.command(&args.setup()));
            let again = parsed(command(&args).strip_prefix("cargo lab compare").expect("the command"));
            assert_eq!(command(&again), command(&args));
            let of = |args: &CompareArgs| format!("{:?}", args.setup());
            assert_eq!(of(&again), of(&args));
        }
    }
}

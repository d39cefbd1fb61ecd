//! `oracle-check`: mutation testing of the test harness. Do its own tests notice when one of its assertions
//! is switched off? See `docs/harness.md`.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;

mod harness;
mod names;
mod redundant;
mod search;
mod site;
mod switches;
mod syntax;

use harness::{Harness, Noticed, side_by_side};
use redundant::Redundant;
use switches::Switch;

/// Switches off each assertion and each invariant of the tester in turn, and shows which tests of the tester
/// notice.
///
/// Works on a copy of the workspace in target/oracle-check, built once. Exits with 0 if some test fails for
/// each of them, with 1 if no test fails for one of them, and with 2 if that cannot be determined.
#[derive(Parser)]
#[command(bin_name = "scripts/oracle-check", max_term_width = 100)]
struct Arguments {
    /// Check only those whose location, function or message contains this text, such as `applier.rs` or `at
    /// most one leader`.
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,

    /// Print the list of switches, and run nothing.
    #[arg(long)]
    list: bool,

    /// Print only problems and the summary.
    #[arg(long)]
    brief: bool,

    /// Number of switches to try in parallel [default: all cores].
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// A reason why the check cannot be carried out.
type Problem = String;

fn main() -> ExitCode {
    match check(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            eprintln!("oracle-check: {problem}");
            ExitCode::from(2)
        }
    }
}

fn check(arguments: &Arguments) -> Result<bool, Problem> {
    let began = Instant::now();
    let workspace = tester::workspace::find().map_err(|error| error.to_string())?;
    let (all, files) = switches::find(&workspace.join("tester"))?;
    let redundant = Redundant::read(&all)?;
    let pattern = arguments.pattern.as_deref().unwrap_or_default();
    let chosen: Vec<&Switch> = all.iter().filter(|switch| switch.has(pattern)).collect();
    if chosen.is_empty() {
        return Err(format!("no switch contains `{pattern}`; --list shows all"));
    }
    if arguments.list {
        for switch in &chosen {
            println!("{switch}");
        }
        println!("{}", switches::count(&chosen));
        return Ok(true);
    }

    let jobs = arguments.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    eprintln!("building the tester's tests with switches, and running them once");
    let harness = Harness::build(workspace, &folder(workspace), &files, jobs)?;
    eprintln!("switching off {} one after the other", switches::count(&chosen));
    let found = try_all(&harness, &chosen, jobs)?;
    let mut survivors = 0;
    for (switch, noticed) in chosen.iter().zip(&found) {
        let reason = redundant.reason(switch);
        let (as_expected, verdict) = match (noticed.is_failed(), reason) {
            (true, None) => (true, noticed.to_string()),
            (false, Some(reason)) => (true, format!("{noticed}, as expected: {reason}")),
            (false, None) => (false, format!("SURVIVES: {noticed}")),
            (true, Some(_)) => (false, format!("LISTED AS REDUNDANT, but noticed: {noticed}")),
        };
        survivors += usize::from(!as_expected);
        if !as_expected || !arguments.brief {
            println!("{switch}\n    {verdict}");
        }
    }
    println!("{} in {} s", switches::count(&chosen), began.elapsed().as_secs());
    let excused = chosen.iter().filter(|switch| redundant.reason(switch).is_some()).count();
    match (survivors, excused) {
        (0, 0) => println!("for each of them some test fails"),
        (0, _) => println!("for each of them some test fails, except for {excused} where none can"),
        _ => println!("PROBLEMS: {survivors} of them; see SURVIVES and LISTED AS REDUNDANT above"),
    }
    Ok(survivors == 0)
}

/// The folder of the copy, which is kept so that dependencies are compiled once.
fn folder(workspace: &Path) -> PathBuf {
    workspace.join("target/oracle-check")
}

/// Tries all switches, `jobs` in parallel, and returns the results in their order.
fn try_all(harness: &Harness, switches: &[&Switch], jobs: usize) -> Result<Vec<Noticed>, Problem> {
    let done = AtomicUsize::new(0);
    let on_terminal = std::io::stderr().is_terminal();
    let answers = side_by_side(switches, jobs, |switch| {
        let answer = harness.try_without(switch);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if on_terminal {
            eprint!("\r{done} of {} ", switches.len());
        }
        answer
    });
    if on_terminal {
        eprint!("\r\x1b[K");
    }
    answers.into_iter().collect()
}

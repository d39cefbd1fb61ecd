//! [`cargo_tests`]: the tests of a lab as a target of `cargo test`; [`cargo_test()`]: one of them, for a
//! `#[test]`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use labapi::Solution;
use labrt::world::{Backend, RUST_LOG, keep_os_threads, log_filter};
use libtest_mimic::{Arguments, Trial};
use parking_lot::Mutex;

use crate::display::Seconds;
use crate::lines::{self, Tally};
use crate::nemesis::{FAULTS_SHOWN, smallest};
use crate::replay::Replay;
use crate::titles::{Number, Titles};
use crate::{
    Case, Explanation, LogExcerpt, Report, RunOptions, cases, labs, log_excerpt, rules, run, run_explained,
    seed, unseeded_hash_maps, warned,
};

/// Runs of a test when nobody asks for another number.
const RUNS: u64 = 10;

/// Runs the tests of a lab, given the name of its crate, as the arguments of the process choose them: the
/// `main` of a test target without a harness (`harness = false`). Each is run as by [`cargo_test()`].
///
/// The target takes what targets of `#[test]`s take: pieces of names, `--exact`, `--skip`, `--list`,
/// `--test-threads`.
///
/// # Panics
///
/// Panics when no lab has a crate of this name, and when a variable of the environment is not what it should
/// be.
pub fn cargo_tests(lab: &str, solution: Solution) -> ExitCode {
    let lab = labs().iter().find(|it| it.krate == lab).unwrap_or_else(|| panic!("there is no lab `{lab}`"));
    let plan = Plan::of_environment();
    let trial = |case: &'static Case| {
        Trial::test(case.name, move || run_all(case, &solution, plan).map_err(Into::into))
    };
    if let Some(warning) = unseeded_hash_maps() {
        eprintln!("warning: {warning}");
    }
    keep_os_threads();
    let (filters, options) = filters(std::env::args());
    let arguments = Arguments::from_iter(options);
    let is_chosen = |case: &&Case| {
        let matches = |filter: &String| {
            if arguments.exact { case.name == filter } else { case.name.contains(filter.as_str()) }
        };
        lab.has_part(case.part) && (filters.is_empty() || filters.iter().any(matches))
    };
    let trials = cases().iter().filter(is_chosen).map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The filters among the arguments of a test target, and the other arguments, the program's name first. As in
/// targets of `#[test]`s, there may be several filters.
fn filters(arguments: impl Iterator<Item = String>) -> (Vec<String>, Vec<String>) {
    const TAKE_A_VALUE: [&str; 6] = ["--skip", "--test-threads", "--format", "--color", "--logfile", "-Z"];
    let (mut filters, mut options) = (Vec::new(), Vec::new());
    let mut is_value = true;
    for argument in arguments {
        let is_option = argument.starts_with('-');
        let takes_value = TAKE_A_VALUE.contains(&argument.as_str());
        let kind = if is_value || is_option { &mut options } else { &mut filters };
        kind.push(argument);
        is_value = takes_value;
    }
    (filters, options)
}

/// Runs the test `name` over several seeds, and prints the lines that the course prints: the first
/// before the runs, so that a test that never ends is known by its name.
///
/// Half of the seeds are always the same, half are fresh; with `CI` set, all are always the same.
/// Three variables of the environment change that: `LAB_SEED` is the first seed, in decimal or in
/// hexadecimal, and makes it one run; `LAB_RUNS` is the number of runs; `LAB_BACKEND` is where they
/// run: `sim`, or `threads` for real threads in real time, where one run is enough unless more are asked for.
/// A fourth, `RUST_LOG`, says which lines of the log a failure shows, see [`labrt::world::RUST_LOG`].
///
/// If a test with a fault plan fails, the failure that is printed is that of the
/// [smallest](crate::nemesis::smallest) plan that fails so.
///
/// Of tests that run side by side the lines of each come together: what one has to say waits until the test
/// above it is done.
///
/// # Panics
///
/// Panics when there is no such test, and when a variable is not what it should be. When a run fails,
/// it prints the cause, the end of the run's log, its seed, and the command that runs it again, and
/// unwinds without a message: that command is the last that the test prints.
#[track_caller]
pub fn cargo_test(name: &str, solution: &Solution) {
    let case = find(name).unwrap_or_else(|problem| panic!("{problem}"));
    if let Err(explanation) = run_all(case, solution, Plan::of_environment()) {
        // Where the harness noticed the failure is no help. libtest shows what is printed here with the
        // failed test, and a panic's message and backtrace would come after it.
        eprint!("{explanation}");
        std::panic::resume_unwind(Box::new("the test has failed, and said why"));
    }
}

/// Makes the runs of a test. The error is everything that a student needs to know of the first that failed.
fn run_all(case: &'static Case, solution: &Solution, plan: Plan) -> Result<(), String> {
    // On real threads one test runs at a time, and is not announced before its turn.
    let _turn = (plan.backend == Backend::Threads).then(|| TURN.lock());
    let lines = Lines::begin(case);
    let mut tally = Tally::default();
    let mut warnings: Vec<String> = Vec::new();
    let mut failed = None;
    for seed in plan.seeds() {
        let options = RunOptions { backend: plan.backend, ..RunOptions::new(seed) };
        let report = run_explained(case, solution, &options);
        tally.add(&report);
        for warning in &report.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        if !report.passed() {
            failed = Some(report);
            break;
        }
    }
    lines.end(&tally, &warnings);
    match failed {
        None => Ok(()),
        Some(report) => Err(match plan.backend {
            Backend::Simulation => {
                let mut again = |options: &RunOptions| run(case, solution, options);
                let options = RunOptions::new(report.seed);
                let report = smallest(report, &options, &mut again);
                explain(case, solution, &report)
            }
            Backend::Threads => explain_on_threads(case, &report),
        }),
    }
}

fn find(name: &str) -> Result<&'static Case, String> {
    cases().iter().find(|case| case.name == name).ok_or_else(|| {
        let names: Vec<&str> = cases().iter().map(|case| case.name).collect();
        format!("there is no test `{name}`; the tests are: {}", names.join(", "))
    })
}

/// Held by a test on real threads while it runs.
static TURN: Mutex<()> = Mutex::new(());

static TITLES: Mutex<Titles> = Mutex::new(Titles::new());

/// The lines of one test.
struct Lines {
    number: Number,
}

impl Lines {
    /// Prints the opening line, or lets it wait while another test's stands there.
    fn begin(case: &Case) -> Self {
        let mut titles = TITLES.lock();
        let (number, text) = titles.begin(format!("{}\n", lines::opening(case, case.reliable)));
        print(&text);
        Self { number }
    }

    /// Prints the closing line and warnings below the opening line.
    fn end(self, tally: &Tally, warnings: &[String]) {
        let mut text = format!("{}\n", lines::closing(tally));
        for warning in warned::fresh(warnings) {
            writeln!(text, "  warning: {warning}").expect("a string takes any text");
        }
        self.close(&text);
    }

    fn close(&self, text: &str) {
        let mut titles = TITLES.lock();
        print(&titles.end(&self.number, text));
    }
}

impl Drop for Lines {
    /// A test that panicked lets the others print, too.
    fn drop(&mut self) {
        self.close("");
    }
}

/// Prints past libtest's capture, in one write, so that the lines of tests that run side by side
/// are not mixed.
fn print(text: &str) {
    // A closed pipe is no reason to fail a test.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Everything that a student needs to know of a failed run.
fn explain(case: &'static Case, solution: &Solution, report: &Report) -> String {
    let given = report.given_plan(case);
    let options = RunOptions { plan: given.cloned().map(Arc::new), ..RunOptions::new(report.seed) };
    let replay = Replay::of(case, report, solution.name, options.policy).expect("the run has failed");
    // The same run again, this time with its log.
    let failure = report.failure.as_ref().expect("the run has failed");
    let again = run(case, solution, &options.recorded());

    let mut text =
        format!("{} failed with seed {}\n\n{}", case.name, seed::format(report.seed), explained(report));
    // 0: nobody knows, for the machine decided where the run ended.
    if again.fingerprint != report.fingerprint && again.fingerprint != 0 && report.fingerprint != 0 {
        text.push_str(
            "\nThe same seed went another way when it was run again. So the run depends on something \
             besides the \
             seed: real time, another source of randomness, or a static that outlives the run.\n",
        );
    }
    if let Some(backtrace) = again.failure.as_ref().and_then(|failure| failure.backtrace.as_ref()) {
        writeln!(text, "\n{}", backtrace.trim_end()).expect("a string takes any text");
    }
    for (number, line) in case.plan_lines(report.seed, given, FAULTS_SHOWN).iter().enumerate() {
        let space = if number == 0 { "\n" } else { "" };
        writeln!(text, "{space}{line}").expect("a string takes any text");
    }
    let LogExcerpt { title, lines } =
        log_excerpt(&again.log, &failure.node, &failure.message, &Explanation::of(report));
    let title = if lines.len() < again.log.len() { title } else { "its log" };
    text.push_str(&log_title(title));
    for line in lines {
        writeln!(text, "  {line}").expect("a string takes any text");
    }
    if let Err(error) = replay.save() {
        writeln!(text, "\n(this failure could not be saved for `cargo lab replay`: {error})")
            .expect("a string takes any text");
    }
    write!(text, "\nreplay: {}\n", replay.command_line()).expect("a string takes any text");
    text
}

/// The same of a run on real threads, which cannot be run again.
fn explain_on_threads(case: &'static Case, report: &Report) -> String {
    let seed = seed::format(report.seed);
    let cause = cause(report).replace("(virtual time)", "(real time)");
    let mut text = format!("{} failed on real threads with seed {seed}\n\n{cause}", case.name);
    let failure = report.failure.as_ref().expect("the run has failed");
    if let Some(backtrace) = &failure.backtrace {
        writeln!(text, "\n{}", backtrace.trim_end()).expect("a string takes any text");
    }
    let LogExcerpt { title, lines } =
        log_excerpt(&report.log, &failure.node, &failure.message, &Explanation::of(report));
    text.push_str(&log_title(title));
    for line in lines {
        writeln!(text, "  {line}").expect("a string takes any text");
    }
    writeln!(
        text,
        "\nReal threads never run the same way twice: to look for a failure that can be replayed, \
         simulate:\n  \
         cargo lab test {} --runs 1000",
        case.name
    )
    .expect("a string takes any text");
    text
}

/// The line above the log, with what `RUST_LOG` has left of it.
fn log_title(title: &str) -> String {
    let kept = log_filter().map(|kept| format!(" ({RUST_LOG}={kept})")).unwrap_or_default();
    format!("\n{title}{kept}:\n")
}

/// The failure, with the rule that explains it before, or a rule that was broken earlier after it.
fn explained(report: &Report) -> String {
    let failure = report.failure.as_ref().expect("the run has failed");
    let explanation = Explanation::of(report);
    let mut lines = explanation.headline(&failure.message, Some(failure.at_seconds));
    if let Some(id) = explanation.cause()
        && let Some(rule) = rules().find(|rule| rule.id == id)
    {
        lines.push(format!(" cargo lab explain {} says more\n", rule.id));
    }
    let headline: String = lines.into_iter().map(|line| line + "\n").collect();
    let afterword: String = explanation.afterword().into_iter().map(|line| line + "\n").collect();
    format!("{headline}{}{afterword}", cause(report))
}

/// The failure: its message, location and time.
fn cause(report: &Report) -> String {
    let failure = report.failure.as_ref().expect("the run has failed");
    let at = Seconds(std::time::Duration::from_secs_f64(failure.at_seconds));
    let place = failure.location.as_ref().map_or(String::new(), |location| format!(", {location}"));
    format!(
        "{}: {}\n  at {at} (virtual time) on {}, thread {}{place}\n",
        failure.kind, failure.message, failure.node, failure.thread
    )
}

/// The seeds to run, and the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    backend: Backend,
    /// Seeds 0, 1, ...: the same in every plan of this size.
    fixed: u64,
    /// Seeds that follow one another, from the first on.
    from: u64,
    count: u64,
}

impl Plan {
    /// The plan that the environment asks for.
    fn of_environment() -> Self {
        Self::read(|variable| std::env::var(variable).ok()).unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Reads the plan from variables of the environment; `Err` says which is wrong, and how.
    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let backend = given("LAB_BACKEND")
            .map(|name| name.parse().map_err(|problem| format!("LAB_BACKEND: {problem}")))
            .transpose()?
            .unwrap_or_default();
        let first = given("LAB_SEED")
            .map(|text| seed::parse(&text).map_err(|problem| format!("LAB_SEED: {problem}")))
            .transpose()?;
        let runs = given("LAB_RUNS")
            .map(|text| match text.parse() {
                Ok(runs) if runs > 0 => Ok(runs),
                _ => Err(format!("LAB_RUNS is `{text}`: give a whole number of runs, 1 or more")),
            })
            .transpose()?;
        Ok(match (first, runs) {
            (Some(from), runs) => Self { backend, fixed: 0, from, count: runs.unwrap_or(1) },
            (None, runs) => {
                let enough = if backend == Backend::Threads { 1 } else { RUNS };
                let runs = runs.unwrap_or(enough);
                let fixed = if given("CI").is_some() { runs } else { runs.div_ceil(2) };
                Self { backend, fixed, from: seed::fresh(), count: runs - fixed }
            }
        })
    }

    fn seeds(&self) -> impl Iterator<Item = u64> {
        let Self { fixed, from, count, .. } = *self;
        (0..fixed).chain((0..count).map(move |step| from.wrapping_add(step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(variables: &[(&str, &str)]) -> Result<Plan, String> {
        Plan::read(|wanted| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        })
    }

    fn seeds(variables: &[(&str, &str)]) -> Vec<u64> {
        plan(variables).expect("the variables are right").seeds().collect()
    }

    #[test]
    fn a_rule_comes_before_the_message_that_it_explains() {
        use crate::rule::tests::{broken, report};

        let text = explained(&report(Some(("assertion", "lost 3")), vec![broken("AE1", 2.0)]));
        let (rule, message) = text.split_once("\n\n").expect("a rule, and the message");
        assert!(rule.starts_with("error[AE1]: server 2 accepted"), "{text}");
        assert!(rule.ends_with("term < currentTerm\n cargo lab explain AE1 says more"), "{text}");
        assert!(message.starts_with("assertion: lost 3\n  at 5"), "{text}");
        let text = explained(&report(Some(("panic", "index 3")), vec![broken("AE1", 2.0)]));
        assert!(text.starts_with("panic: index 3\n") && text.contains("before that: error[AE1]: "), "{text}");
    }

    #[test]
    fn a_target_takes_several_filters() {
        let arguments =
            ["raft", "3a", "--skip", "re_", "backup_3b", "--test-threads=1", "--exact", "--color", "never"];
        let (filters, options) = filters(arguments.iter().map(ToString::to_string));
        assert_eq!(filters, ["3a", "backup_3b"]);
        assert_eq!(options, ["raft", "--skip", "re_", "--test-threads=1", "--exact", "--color", "never"]);
    }

    #[test]
    fn half_of_the_seeds_are_fixed_and_half_are_fresh() {
        let all = seeds(&[]);
        assert_eq!(all.len(), 10);
        assert_eq!(all[..5], [0, 1, 2, 3, 4]);
        assert!((0..4).all(|pair| all[6 + pair] == all[5 + pair].wrapping_add(1)), "{all:?}");
        assert_eq!(seeds(&[("LAB_RUNS", "1")]), [0]);
    }

    #[test]
    fn all_seeds_are_fixed_on_a_build_server() {
        assert_eq!(seeds(&[("CI", "true")]), Vec::from_iter(0..10));
        assert_eq!(seeds(&[("CI", "true"), ("LAB_RUNS", "3")]), [0, 1, 2]);
    }

    #[test]
    fn a_given_seed_is_run_once_unless_more_runs_are_asked_for() {
        assert_eq!(seeds(&[("LAB_SEED", "0x1f")]), [31]);
        assert_eq!(seeds(&[("LAB_SEED", "31"), ("CI", "true")]), [31]);
        assert_eq!(seeds(&[("LAB_SEED", "31"), ("LAB_RUNS", "3")]), [31, 32, 33]);
        assert_eq!(seeds(&[("LAB_SEED", "18446744073709551615"), ("LAB_RUNS", "2")]), [u64::MAX, 0]);
    }

    #[test]
    fn on_real_threads_one_run_is_enough() {
        assert_eq!(seeds(&[("LAB_BACKEND", "threads")]), [0]);
        assert_eq!(seeds(&[("LAB_BACKEND", "threads"), ("LAB_RUNS", "2"), ("CI", "true")]), [0, 1]);
        let plan = plan(&[("LAB_BACKEND", "threads")]).expect("the variable is right");
        assert_eq!(plan.backend, Backend::Threads);
    }

    #[test]
    fn the_error_of_a_variable_is_reported() {
        for (name, value, message) in [
            ("LAB_SEED", "0xgg", "LAB_SEED: `0xgg` is not a seed"),
            ("LAB_RUNS", "0", "LAB_RUNS is `0`: give a whole number of runs, 1 or more"),
            ("LAB_RUNS", "many", "LAB_RUNS is `many`: give a whole number of runs, 1 or more"),
            ("LAB_BACKEND", "moon", "LAB_BACKEND: there is no backend `moon`: give `sim` or `threads`"),
        ] {
            let problem = plan(&[(name, value)]).expect_err("the variable is wrong");
            assert!(problem.starts_with(message), "{problem}");
        }
        assert!(plan(&[("LAB_BACKEND", "sim"), ("LAB_SEED", "")]).is_ok());
    }

    #[test]
    fn an_unknown_test_is_reported() {
        let problem = find("bakcup_3b").expect_err("no such test");
        let expected = format!("there is no test `bakcup_3b`; the tests are: {}, ", cases()[0].name);
        assert!(problem.starts_with(&expected), "{problem}");
    }
}

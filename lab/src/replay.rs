//! `lab replay`: repeats one run, and prints its log.

mod log_lines;

use std::io::Write;
use std::path::Path;

use labreport::text::visible;
use labrt::world::{Backend, Policy, RUST_LOG, log_filter};
use tester::filter::Selection;
use tester::lines::{self, Tally};
use tester::replay::{NoLastFailure, Replay, build_id, is_default_solution};
use tester::{Case, Report, seed};

use crate::args::ReplayArgs;
use crate::error::CommandError;
use crate::report::failure::{Evidence, Failure};
use crate::report::json::fingerprint;
use crate::report::log_line;
use crate::report::paint::Paint;
use crate::run::{Observer, Outcome, Output, PATIENCE, Plan, Record, Run, Settings, pool};
use crate::tested::Choice;
use crate::{Verdict, failures, interrupt, near, test};
use log_lines::LineFilter;

/// Repeats the run that the arguments name, or the last failure. `choose_solution` gives the solution under
/// test for the name of a solution, if there is one.
///
/// # Errors
///
/// The command cannot be carried out.
pub fn replay(
    args: &ReplayArgs,
    choose_solution: impl FnOnce(Option<&str>) -> Result<Choice, CommandError>,
) -> Result<Verdict, CommandError> {
    if args.backend.backend == Backend::Threads {
        return Err(CommandError::new(
            "a run on real threads cannot be repeated: it is never the same twice; leave out `--backend \
             threads` to replay a simulated run",
        ));
    }
    let mut wanted = Wanted::of(args)?;
    let filter = LineFilter::of(args, wanted.case)?;
    interrupt::watch("stopping")?;
    let tested = match choose_solution(args.solution.as_deref().or(wanted.solution.as_deref()))? {
        Ok(tested) => tested,
        Err(verdict) => return Ok(verdict),
    };
    if tested.is_submission() {
        // The saved failure is one of this workspace's own solution.
        wanted.recorded = None;
    }
    let settings = Settings {
        backend: Backend::Simulation,
        jobs: 1,
        solution: tested.solution,
        policy: wanted.policy,
        record: Record::Lines,
        patience: PATIENCE,
        wall_limit: args.backend.wall_limit(),
        deadline: None,
        cut_off: None,
        fail_fast: false,
        untrusted: false,
        output: Output::Shown,
        starter: tested.starter.clone(),
    };
    let paint = Paint::for_stdout();
    say(&format!(
        "replaying {}, seed {}, solution {}, policy {}",
        wanted.case.name,
        seed::format(wanted.seed),
        tested.title,
        settings.policy
    ));
    say(&lines::opening(wanted.case, wanted.case.reliable));
    let mut single = Single { filter, shown: 0, lines: 0, run: None };
    pool::carry_out(Plan::single(wanted.case, wanted.seed), &settings, &mut single)?;
    single.show_counts();
    // A plan of one run gives one run, unless the command was ended.
    let Some(run) = single.run else { return Ok(Verdict::Failed) };

    if let Outcome::Reported(report) = &run.outcome {
        show_verdict(report, paint);
    }
    let failure = Failure::of(&run);
    if let Some((failure, evidence)) = &failure {
        show_failure(failure, evidence, paint);
    }
    if let Outcome::Reported(report) = &run.outcome {
        say(&comparison(report.fingerprint, wanted.recorded.as_ref(), &build_id()));
    }
    Ok(if failure.is_some() { Verdict::Failed } else { Verdict::Passed })
}

/// The run to repeat.
pub(crate) struct Wanted {
    pub(crate) case: &'static Case,
    pub(crate) seed: u64,
    /// The solution's name; `None` for the default.
    pub(crate) solution: Option<String>,
    pub(crate) policy: Policy,
    /// The saved failure, if it is of this run.
    pub(crate) recorded: Option<Replay>,
}

/// The arguments that name a run.
pub(crate) struct Choices<'a> {
    /// The command, for advice.
    pub(crate) command: &'static str,
    pub(crate) test: Option<&'a str>,
    pub(crate) seed: Option<u64>,
    /// A file of failures, and the number of one of them.
    pub(crate) from: Option<(&'a Path, u32)>,
    pub(crate) solution: Option<&'a str>,
    pub(crate) policy: Option<Policy>,
}

impl Wanted {
    fn of(args: &ReplayArgs) -> Result<Self, CommandError> {
        Self::chosen(&Choices {
            command: "replay",
            test: args.test.as_deref(),
            seed: args.seed,
            from: args.from.as_deref().map(|file| (file, args.number)),
            solution: args.solution.as_deref(),
            policy: args.policy,
        })
    }

    /// The run that the arguments name, or that of the last failure.
    pub(crate) fn chosen(choices: &Choices<'_>) -> Result<Self, CommandError> {
        if let Some((file, number)) = choices.from {
            return Self::recorded(failures::load(file, number as usize)?, "the failure", choices.command);
        }
        let recorded = Replay::load();
        let mut wanted = match (choices.test, choices.seed) {
            (Some(test), Some(seed)) => Self {
                case: the_test(test)?,
                seed,
                solution: None,
                policy: Policy::default(),
                recorded: recorded.ok(),
            },
            _ => Self::last(recorded, choices.command)?,
        };
        wanted.solution = choices.solution.map(str::to_owned).or(wanted.solution);
        wanted.policy = choices.policy.unwrap_or(wanted.policy);
        let (case, seed, solution, policy) = (wanted.case, wanted.seed, &wanted.solution, wanted.policy);
        let same = |replay: &Replay| {
            (replay.test.as_str(), replay.seed) == (case.name, seed)
                && replay.policy == policy.name()
                && (Some(&replay.solution) == solution.as_ref()
                    || is_default_solution(&replay.solution)
                        && solution.as_ref().is_none_or(|name| is_default_solution(name)))
        };
        wanted.recorded = wanted.recorded.filter(same);
        Ok(wanted)
    }

    /// The run of the last failure.
    fn last(recorded: Result<Replay, NoLastFailure>, command: &str) -> Result<Self, CommandError> {
        let replay = recorded.map_err(|none| CommandError::new(format!("{none}{}", advice(command))))?;
        Self::recorded(replay, "the last failure", command)
    }

    /// The run of a saved failure.
    fn recorded(replay: Replay, what: &str, command: &str) -> Result<Self, CommandError> {
        let policy = replay.policy.parse().map_err(|cause| {
            CommandError::new(format!("{what} cannot be replayed: {cause}{}", advice(command)))
        })?;
        Ok(Self {
            case: the_test(&replay.test)?,
            seed: replay.seed,
            solution: Some(replay.solution.clone()),
            policy,
            recorded: Some(replay),
        })
    }
}

/// The end of a refusal: the other way to name a run.
fn advice(command: &str) -> String {
    format!("; give a test and its seed, such as `cargo lab {command} backup_3b --seed 0x1f`")
}

/// The only test that the filter `name` matches.
fn the_test(name: &str) -> Result<&'static Case, CommandError> {
    let cases = test::choose(Selection { filters: &[name.to_owned()], ..Selection::default() })?;
    match cases[..] {
        [case] => Ok(case),
        _ => {
            let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
            let choice = near::either(&names);
            Err(CommandError::new(format!("`{name}` is more than one test; give {choice}")))
        }
    }
}

/// Shows the log of the one run as it is written.
struct Single {
    filter: LineFilter,
    shown: u64,
    lines: u64,
    run: Option<Run>,
}

impl Single {
    fn show_counts(&self) {
        if self.shown < self.lines {
            say(&format!("({} of {} lines of the log)", self.shown, self.lines));
        }
        if let Some(kept) = log_filter() {
            say(&format!("({RUST_LOG}={kept}: no other lines were kept)"));
        }
    }
}

impl Observer for Single {
    fn logged(&mut self, line: &str) {
        self.lines += 1;
        if self.filter.passes(line) {
            self.shown += 1;
            say(&log_line::shown(line));
        }
    }

    fn next(&mut self, run: Run) {
        self.run = Some(run);
    }
}

fn show_verdict(report: &Report, paint: Paint) {
    let tally = Tally::of(report);
    let (verdict, line) = (lines::verdict(&tally), lines::closing(&tally));
    let coloured = if tally.all_passed() { paint.good(verdict) } else { paint.bad(verdict) };
    say(&line.replacen(verdict, &coloured, 1));
    for warning in &report.warnings {
        say(&format!("      {}: {}", paint.doubtful("warning"), visible(warning).replace('\n', "\n      ")));
    }
}

fn show_failure(failure: &Failure, evidence: &Evidence, paint: Paint) {
    say(&paint.bad(&failure.statement("  ")));
    if let Some(line) = failure.origin_line() {
        say(&line);
    }
    if let Some(backtrace) = &evidence.backtrace {
        say(&visible(backtrace.trim_end()));
    }
}

/// Compares the run with the saved failure: the last line of the output.
fn comparison(now: u64, recorded: Option<&Replay>, build: &str) -> String {
    let Some(replay) = recorded else {
        return format!("fingerprint {}", fingerprint(now));
    };
    if replay.fingerprint == 0 || now == 0 {
        return "cannot tell whether this was the same run: the machine (its memory or its speed) decided \
                where one of the two ended"
            .to_owned();
    }
    if replay.fingerprint == now {
        return format!("reproduced: same fingerprint {}", fingerprint(now));
    }
    let fingerprints =
        format!("fingerprint {} instead of {}", fingerprint(now), fingerprint(replay.fingerprint));
    if replay.build == build {
        format!(
            "not reproduced: {fingerprints}, from the same sources; something outside the simulation affects \
             the run: a thread, lock or clock that is not labrt's?"
        )
    } else {
        format!(
            "another build, so another run: {fingerprints}; the sources have changed since (build {} then, \
             {build} now)",
            replay.build
        )
    }
}

/// Prints a line. A reader who closed the pipe has seen enough.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{}", Paint::for_stdout().printable(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(fingerprint: u64, build: &str) -> Replay {
        Replay {
            test: "backup_3b".to_owned(),
            seed: 31,
            backend: "sim".to_owned(),
            solution: "reference".to_owned(),
            policy: "random".to_owned(),
            build: build.to_owned(),
            fingerprint,
            kind: "timeout".to_owned(),
            message: String::new(),
        }
    }

    #[test]
    fn a_run_is_compared_with_the_saved_failure() {
        let says = |fingerprint, build| comparison(7, Some(&recorded(fingerprint, build)), "now");
        assert!(comparison(7, None, "now").starts_with("fingerprint 0x"));
        assert!(says(7, "then").starts_with("reproduced: "));
        assert!(says(8, "then").starts_with("another build"));
        assert!(says(8, "now").starts_with("not reproduced: "));
        // A process that was killed reported no fingerprint.
        assert!(says(0, "now").starts_with("cannot tell whether this was the same run"));
        assert!(
            comparison(0, Some(&recorded(7, "now")), "now")
                .starts_with("cannot tell whether this was the same run")
        );
    }
}

//! `lab replay`: repeats one run, and shows its events and its log.
//!
//! Read in this order: [`Wanted`] (the run to repeat), [`LiveLog`] (the log of a run that takes long),
//! `listing` (events and log, in the order of time), [`LineFilter`] (which lines), `step` (event by event).

mod line_filter;
mod listing;
mod live_log;
mod step;
mod voice;
mod wanted;

use labreport::text::visible;
use labrt::world::Backend;
use tester::lines::{self, Tally};
use tester::replay::{Replay, build_id};
use tester::{Report, seed};

use crate::args::ReplayArgs;
use crate::error::CommandError;
use crate::report::failure::{Evidence, Failure};
use crate::report::json::fingerprint;
use crate::report::rule;
use crate::run::{
    Analyse, EventFile, Events, Observer, Outcome, Output, PATIENCE, Plan, Record, Run, Settings, pool,
};
use crate::tested::Choice;
use crate::{Verdict, findings, interrupt};
use line_filter::LineFilter;
use live_log::LiveLog;
use voice::Voice;
pub(crate) use wanted::{Choices, Wanted};

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
    let file = EventFile::new()
        .map_err(|cause| CommandError::new(format!("no temporary file can be made: {cause}; set TMPDIR")))?;
    let settings = Settings {
        backend: Backend::Simulation,
        jobs: 1,
        solution: tested.solution,
        policy: wanted.policy,
        plan: wanted.plan.clone(),
        shrink: false,
        record: Record::Events(file.path()),
        analyse: if wanted.strict { Analyse::Strict } else { Analyse::All },
        patience: PATIENCE,
        wall_limit: args.backend.wall_limit(),
        deadline: None,
        cut_off: None,
        fail_fast: false,
        untrusted: false,
        batched: false,
        output: if args.json { Output::ShownAsErrors } else { Output::Shown },
        starter: tested.starter.clone(),
    };
    let voice = if args.json { Voice::StandardError } else { Voice::StandardOutput };
    voice.say(&format!(
        "replaying {}, seed {}, solution {}, policy {}",
        wanted.case.name,
        seed::format(wanted.seed),
        tested.title,
        settings.policy
    ));
    voice.say(&lines::opening(wanted.case, wanted.case.reliable));
    for line in wanted.case.plan_lines(wanted.seed, wanted.plan.as_deref(), usize::MAX) {
        voice.say(&line);
    }
    let mut single = Single { log: LiveLog::new(filter.clone(), voice), run: None };
    pool::carry_out(Plan::single(wanted.case, wanted.seed), &settings, &mut single)?;
    let Single { log, run } = single;
    let events = file.open().ok().flatten();
    let verdict = |run: &Run| show_outcome(run, wanted.recorded.as_ref(), voice);
    // A plan of one run gives one run, unless the command was ended.
    let Some(run) = run else {
        log.show_all();
        return Ok(Verdict::Failed);
    };
    let Some(events) = events else {
        log.show_all();
        voice.say(no_events(&run.outcome));
        if args.step {
            verdict(&run);
            return Err(CommandError::new(
                "there is nothing to step through: this run leaves no events; leave out --step for its log",
            ));
        }
        return Ok(verdict(&run));
    };
    if log.was_shown() && !args.json {
        voice.say(
            "(the run took a while, so its log stands above as it was written; here it is with its events)",
        );
    }
    if args.step {
        let passed = verdict(&run);
        step::walk(events, &filter, broken(&run.outcome), voice)?;
        return Ok(passed);
    }
    show_events(events, &filter, args, voice)?;
    Ok(verdict(&run))
}

/// Shows the events and the log.
fn show_events(
    events: Events,
    filter: &LineFilter,
    args: &ReplayArgs,
    voice: Voice,
) -> Result<(), CommandError> {
    let shown = if args.json {
        listing::print_json(events, filter)
    } else {
        listing::print(events, filter, args.heartbeats, voice)
    };
    shown.map_err(|cause| CommandError::new(format!("the events of the run cannot be read: {cause}")))
}

/// The line that says why there are no events.
fn no_events(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Lost(_) => "(the log alone: the process of the run died, and its events with it)",
        Outcome::Reported(_) => "(the log alone: the run did not end by itself, so it left no events)",
    }
}

/// The rules that a run has broken.
fn broken(outcome: &Outcome) -> &[tester::BrokenRule] {
    match outcome {
        Outcome::Reported(report) => &report.broken,
        Outcome::Lost(_) => &[],
    }
}

/// Shows the verdict on a run, and whether it was the saved one.
fn show_outcome(run: &Run, recorded: Option<&Replay>, voice: Voice) -> Verdict {
    if let Outcome::Reported(report) = &run.outcome {
        show_verdict(report, voice);
    }
    let failure = Failure::of(run);
    if let Some((failure, evidence)) = &failure {
        show_failure(failure, evidence, voice);
    }
    if let Outcome::Reported(report) = &run.outcome {
        show_findings(report, voice);
        voice.say(&comparison(report.fingerprint, recorded, &build_id()));
    }
    if failure.is_some() { Verdict::Failed } else { Verdict::Passed }
}

/// Receives the one run.
struct Single {
    log: LiveLog,
    run: Option<Run>,
}

impl Observer for Single {
    fn logged(&mut self, line: &str) {
        self.log.add(line);
    }

    fn next(&mut self, run: Run) {
        self.log.stop();
        self.run = Some(run);
    }
}

fn show_verdict(report: &Report, voice: Voice) {
    let paint = voice.paint();
    let tally = Tally::of(report);
    let (verdict, line) = (lines::verdict(&tally), lines::closing(&tally));
    let coloured = if tally.all_passed() { paint.good(verdict) } else { paint.bad(verdict) };
    voice.say(&line.replacen(verdict, &coloured, 1));
    for warning in &report.warnings {
        voice.say(&format!(
            "      {}: {}",
            paint.doubtful("warning"),
            visible(warning).replace('\n', "\n      ")
        ));
    }
}

/// Shows the rules that the run broke, if it passed.
fn show_findings(report: &Report, voice: Voice) {
    if !report.passed() {
        return;
    }
    for broken in findings::in_passed(&report.broken) {
        rule::finding(broken, voice.paint()).iter().for_each(|line| voice.say(line));
    }
}

fn show_failure(failure: &Failure, evidence: &Evidence, voice: Voice) {
    let paint = voice.paint();
    for line in rule::headline(failure, paint) {
        voice.say(&line);
    }
    voice.say(&paint.bad(&failure.statement("  ")));
    if let Some(line) = failure.origin_line() {
        voice.say(&line);
    }
    if let Some(backtrace) = &evidence.backtrace {
        voice.say(&visible(backtrace.trim_end()));
    }
    for line in rule::afterword(failure, paint) {
        voice.say(&line);
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
            strict: false,
            plan: None,
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

//! `lab page`: writes the page of a run, on which it can be walked through in a browser.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use labreport::text::visible;
use labrt::world::Backend;
use runpage::{Comparison, Events, Focus, Page, Rule, RuleEvent, Shapes};
use serde_json::Value as Json;
use tester::replay::{Replay, build_id, last_failure_file};
use tester::{BrokenRule, Case, Report, seed};

use crate::args::PageArgs;
use crate::error::CommandError;
use crate::replay::{Choices, Wanted};
use crate::report::causes::Cause;
use crate::report::failure::{Evidence, Failure};
use crate::report::paint::Paint;
use crate::report::summary::Summary;
use crate::report::terminal::CAUSES_SHOWN;
use crate::run::{
    Analyse, EventFile, Observer, Outcome, Output, PATIENCE, Plan, Record, Run, Settings, pool,
};
use crate::tested::Choice;
use crate::{Verdict, interrupt};

/// Writes the page of the run that the arguments name, or of the last failure, and prints its path.
/// `choose_solution` gives the solution under test for the name of a solution, if there is one.
///
/// # Errors
///
/// The command cannot be carried out.
pub fn page(
    args: &PageArgs,
    choose_solution: impl FnOnce(Option<&str>) -> Result<Choice, CommandError>,
) -> Result<Verdict, CommandError> {
    let wanted = Wanted::chosen(&Choices {
        command: "page",
        test: args.test.as_deref(),
        seed: args.seed,
        from: args.from.as_deref().map(|file| (file, args.number)),
        solution: args.solution.as_deref(),
        policy: args.policy,
        strict: false,
        plan: args.plan.as_deref(),
    })?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => usual_path(wanted.case, wanted.seed).map_err(|cause| {
            CommandError::new(format!("there is no folder for pages: {cause}; give a file with --out"))
        })?,
    };
    interrupt::watch("stopping")?;
    let tested = match choose_solution(args.solution.as_deref().or(wanted.solution.as_deref()))? {
        Ok(tested) => tested,
        Err(verdict) => return Ok(verdict),
    };
    let settings = Settings {
        backend: Backend::Simulation,
        jobs: 1,
        solution: tested.solution,
        policy: wanted.policy,
        plan: wanted.plan.clone(),
        shrink: false,
        record: Record::Nothing,
        analyse: if wanted.strict { Analyse::Strict } else { Analyse::All },
        patience: PATIENCE,
        wall_limit: WALL_LIMIT,
        deadline: None,
        cut_off: None,
        fail_fast: false,
        untrusted: false,
        batched: false,
        output: Output::Kept,
        starter: tested.starter.clone(),
    };
    let replay = replay_of(&wanted, tested.solution);
    if let Err(cause) = replay.save_plan() {
        eprintln!("warning: the fault plan that the page's command names is not saved: {cause}");
    }
    let replay = replay.command_line() + &tested.options;
    let Some(recorded) = Recorded::of(wanted.case, wanted.seed, &settings)? else {
        return Ok(Verdict::Failed);
    };
    let comparison = match args.against {
        Some(other) => compare(&recorded, wanted.case, other, &settings)?,
        None => None,
    };
    recorded.write(&out, &About { solution: &tested.title, replay: &replay }, comparison)?;
    let _ = {
        use io::Write as _;
        writeln!(io::stdout(), "{}", Paint::for_stdout().printable(&visible(&out.display().to_string())))
    };
    if args.open {
        open::that_detached(&out).map_err(|cause| {
            CommandError::new(format!(
                "{} is written, but no browser opens it: {cause}; open the file in a browser",
                out.display()
            ))
        })?;
    }
    Ok(if recorded.failure.is_some() { Verdict::Failed } else { Verdict::Passed })
}

/// The limit on the CPU time of a run whose page is written.
const WALL_LIMIT: Duration = Duration::from_secs(60);

/// After this time no more pages are begun, and a run that takes more of the processor has none: a command
/// must not wait for pages.
const ENOUGH: Duration = Duration::from_secs(10);

/// Writes a page for each cause of failure that is shown, and notes its path. `command` gives the command
/// that repeats a failure.
///
/// A page that cannot be written is left out, and so is one of a run that takes too long to be repeated: the
/// results do not depend on it.
pub(crate) fn write_pages(
    summary: &mut Summary,
    settings: &Settings,
    solution: &str,
    command: &dyn Fn(&Failure) -> String,
) {
    if settings.backend != Backend::Simulation {
        return;
    }
    let begin = Instant::now();
    for cause in summary.causes.iter_mut().take(CAUSES_SHOWN) {
        // A process that died leaves no events.
        if cause.first.origin.is_some() && begin.elapsed() < ENOUGH {
            cause.page = page_of(cause, settings, &About { solution, replay: &command(&cause.first) });
        }
    }
}

fn page_of(cause: &Cause, settings: &Settings, about: &About<'_>) -> Option<PathBuf> {
    let Failure { case, seed, .. } = cause.first;
    let out = usual_path(case, seed).ok()?;
    let wall_limit = settings.wall_limit.min(ENOUGH);
    // The recorded run is analysed itself, and not repeated for it.
    let analyse = if settings.analyse == Analyse::Strict { Analyse::Strict } else { Analyse::All };
    let plan = cause.first.plan.clone();
    let settings = Settings { plan, jobs: 1, deadline: None, wall_limit, analyse, ..settings.clone() };
    let recorded = Recorded::of(case, seed, &settings).ok()??;
    let (now, _) = recorded.failure.as_ref()?;
    let is_same = now.kind == cause.first.kind && now.fingerprint == cause.first.fingerprint;
    (is_same && recorded.write(&out, about, None).is_ok()).then_some(out)
}

/// The usual path of a page: `target/lab/pages/backup_3b-0x1f.html`.
fn usual_path(case: &Case, seed: u64) -> Result<PathBuf, tester::workspace::WorkspaceError> {
    let name = format!("{}-{}.html", case.name, seed::format(seed));
    Ok(last_failure_file()?.with_file_name("pages").join(name))
}

fn replay_of(wanted: &Wanted, solution: &str) -> Replay {
    Replay {
        test: wanted.case.name.to_owned(),
        seed: wanted.seed,
        backend: Backend::Simulation.to_string(),
        solution: solution.to_owned(),
        policy: wanted.policy.to_string(),
        build: build_id(),
        fingerprint: 0,
        kind: String::new(),
        message: String::new(),
        strict: wanted.strict,
        plan: wanted.plan.as_deref().cloned(),
    }
}

/// What a page tells of a run besides the run.
struct About<'a> {
    solution: &'a str,
    replay: &'a str,
}

/// A run that was repeated with its events recorded.
struct Recorded {
    case: &'static Case,
    seed: u64,
    report: Box<Report>,
    failure: Option<(Failure, Evidence)>,
    file: EventFile,
}

impl Recorded {
    /// Repeats the run; `None` if the command was interrupted.
    fn of(case: &'static Case, seed: u64, settings: &Settings) -> Result<Option<Self>, CommandError> {
        let unwritten = |cause: io::Error| {
            CommandError::new(format!(
                "the events of the run cannot be kept: {cause}; make room in {}",
                std::env::temp_dir().display()
            ))
        };
        let file = EventFile::new().map_err(unwritten)?;
        let settings = Settings { record: Record::Events(file.path()), ..settings.clone() };
        let mut single = Single(None);
        pool::carry_out(Plan::single(case, seed), &settings, &mut single)?;
        let Some(run) = single.0 else { return Ok(None) };
        let failure = Failure::of(&run);
        match run.outcome {
            Outcome::Reported(report) => Ok(Some(Self { case, seed, report, failure, file })),
            Outcome::Lost(lost) => Err(CommandError::new(format!(
                "the process of this run did not live to tell its events ({}); `cargo lab replay {} --seed \
                 {}` shows its log",
                lost.kind,
                case.name,
                seed::format(seed)
            ))),
        }
    }

    /// The events of the run, and the lines of its log among them, as JSON objects.
    fn events(&self) -> Result<impl Iterator<Item = Json>, CommandError> {
        let without = |cause: &dyn std::fmt::Display| {
            CommandError::new(format!("the events of the run cannot be read: {cause}; try again"))
        };
        match self.file.open() {
            Ok(Some(events)) => Ok(events.map_while(Result::ok)),
            Ok(None) => Err(without(&"its threads did not end, so there are none")),
            Err(cause) => Err(without(&cause)),
        }
    }

    fn focus(&self) -> Focus {
        let of_rule = self.report.broken.first().and_then(|rule| rule.events.last());
        match (of_rule, &self.failure) {
            (Some(event), _) => Focus::Event(event.number),
            (None, Some(_)) => Focus::End,
            (None, None) => Focus::Begin,
        }
    }

    /// The lines of the fault plan that was played.
    fn faults(&self) -> Vec<String> {
        self.case.plan_lines(self.seed, self.report.given_plan(self.case), usize::MAX)
    }

    /// Writes the page of the run.
    fn write(
        &self,
        out: &Path,
        about: &About<'_>,
        comparison: Option<Comparison>,
    ) -> Result<(), CommandError> {
        let mut focus = self.focus();
        if let (Focus::Begin, Some(number)) = (focus, comparison.as_ref().and_then(|it| it.unlike)) {
            focus = Focus::Event(number);
        }
        let mut events = Events::new(focus);
        let mut log = Vec::new();
        for event in self.events()? {
            match event.get("line").and_then(Json::as_str).filter(|_| event["kind"] == "log") {
                Some(line) => log.push(line.to_owned()),
                None => events.add(event),
            }
        }
        let broken: Vec<Rule> = self.report.broken.iter().map(rule).collect();
        let page = Page {
            test: self.case.name,
            title: self.case.title,
            seed: &seed::format(self.seed),
            solution: about.solution,
            replay: about.replay,
            seconds: self.report.virtual_seconds,
            failure: self.failure.as_ref().map(|(failure, evidence)| failed(failure, evidence)),
            broken: &broken,
            faults: &self.faults(),
            unseen: &self.report.unseen,
            events: &events,
            log: &log,
            comparison,
        };
        runpage::write(out, &page.html()).map_err(|error| CommandError::new(error.to_string()))
    }
}

fn failed(failure: &Failure, evidence: &Evidence) -> runpage::Failure {
    let origin = failure.origin.as_ref();
    runpage::Failure {
        kind: failure.kind.clone(),
        message: failure.message.clone(),
        at_seconds: origin.map(|origin| origin.at_seconds),
        seen_on: origin
            .map_or_else(String::new, |origin| format!("{} (thread {})", origin.node, origin.thread)),
        location: failure.location.clone(),
        backtrace: evidence.backtrace.clone(),
    }
}

fn rule(broken: &BrokenRule) -> Rule {
    let event = |event: &tester::RuleEvent| RuleEvent {
        number: event.number,
        time: event.time,
        server: event.server.clone(),
        what: event.what.clone(),
    };
    Rule {
        id: broken.id.clone(),
        text: broken.text.clone(),
        headline: broken.headline.clone(),
        server: broken.server.clone(),
        at_seconds: broken.at_seconds,
        location: broken.location.clone(),
        events: broken.events.iter().map(event).collect(),
    }
}

/// The comparison with the run of another seed; `None` if the command was interrupted.
fn compare(
    recorded: &Recorded,
    case: &'static Case,
    other: u64,
    settings: &Settings,
) -> Result<Option<Comparison>, CommandError> {
    let Some(run) = Recorded::of(case, other, settings)? else { return Ok(None) };
    let is_event = |event: &Json| event["kind"] != "log";
    let shapes = Shapes::of(run.events()?.filter(is_event));
    let unlike = shapes.first_unlike(recorded.events()?.filter(is_event));
    Ok(Some(Comparison { seed: seed::format(other), passed: run.failure.is_none(), unlike }))
}

/// Keeps the one run.
struct Single(Option<Run>);

impl Observer for Single {
    fn next(&mut self, run: Run) {
        self.0 = Some(run);
    }
}

//! The printed results: one or two lines per test, then the causes of failures, then the total.
//!
//! On a terminal there is a progress bar below them during the runs. It is drawn on the standard error, so
//! that redirected output has none of it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use labreport::text::{one_line, visible};
use labrt::world::{Backend, RUST_LOG, log_filter};
use tester::interval::{Interval, wilson};
use tester::lines::Tally;
use tester::{lines, seed};

use super::causes::{Cause, Causes};
use super::coverage::{self, Coverage};
use super::log_line;
use super::paint::Paint;
use super::rule;
use super::summary::{Finding, Summary, TestSummary, Warning};
use crate::run::Plan;

/// Causes that are shown in full.
pub(crate) const CAUSES_SHOWN: usize = 10;

/// Rules that are shown, of those that were broken in runs that passed.
const FINDINGS_SHOWN: usize = 5;

/// Sentences that are shown on what analyses did not recognise.
const UNSEEN_SHOWN: usize = 5;

/// The printed output of `lab test`.
pub(crate) struct Terminal {
    paint: Paint,
    bar: ProgressBar,
    failed: u64,
    /// Whether there is one run per test, printed as the course's two lines; otherwise there is a table of
    /// means.
    single: bool,
    name_width: usize,
    backend: Backend,
    /// The warnings that have been printed: each is printed once.
    warned: RefCell<HashSet<String>>,
}

impl Terminal {
    /// The output for `plan`, whose tests have names of at most `name_width` characters.
    pub(crate) fn new(plan: &Plan, name_width: usize, backend: Backend) -> Self {
        // Hidden, and without effect, where the standard error is no terminal.
        let bar = ProgressBar::with_draw_target(plan.total(), ProgressDrawTarget::stderr());
        let template = match plan.total() {
            Some(_) => "{bar:30} {pos}/{len} runs, {msg}, {eta} left",
            None => "{spinner} {pos} runs, {msg}, {elapsed}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
        bar.set_message("0 failed");
        Self {
            paint: Paint::for_stdout(),
            bar,
            failed: 0,
            single: plan.runs() == Some(1),
            name_width,
            backend,
            warned: RefCell::default(),
        }
    }

    /// Prints the first line: the number of tests and runs, and the settings.
    pub(crate) fn begin(&self, tests: usize, how_often: &str, first_seed: u64, world: &str) {
        self.line(&format!(
            "{}, {how_often}, first seed {}, {world}",
            count(tests as u64, "test"),
            seed::format(first_seed)
        ));
        if !self.single {
            self.line(&self.paint.faint(&format!(
                "{:width$}  {:>11}  {:>7}  {:>6}  {:>7}  {:>5}  {:>8}  a run, on average",
                "test",
                "passed",
                "time",
                "RPCs",
                "bytes",
                "cmds",
                "cpu",
                width = self.name_width
            )));
        }
    }

    /// Counts a run that has ended.
    pub(crate) fn count(&mut self, passed: bool) {
        if !passed {
            self.failed += 1;
            self.bar.set_message(format!("{} failed", self.failed));
        }
        self.bar.inc(1);
    }

    /// Prints a test whose runs have all ended.
    pub(crate) fn test(&self, test: &TestSummary) {
        if self.single {
            self.line(&lines::opening(test.case, test.case.reliable));
            self.line(&self.verdict_in(lines::closing(&test.tally), test));
            for failure in &test.failures {
                self.line(&format!("      {}", failure.statement("      ")));
            }
        } else {
            self.line(&self.row(test));
        }
        if test.not_made > 0 {
            self.line(&format!(
                "      {}",
                self.paint.doubtful(&format!(
                    "{} not made: the last 20 failed for the same cause, and none passed (--all-runs makes \
                     them)",
                    was(test.not_made)
                ))
            ));
            self.bar.inc(test.not_made);
        }
        for (text, Warning { runs, seed }) in &test.warnings {
            if !self.warned.borrow_mut().insert(text.clone()) {
                continue;
            }
            let where_ = match self.single {
                true => String::new(),
                false => format!(" ({}, first seed {})", count(*runs, "run"), seed::format(*seed)),
            };
            let warning = self.paint.doubtful("warning");
            self.line(&format!("      {warning}: {}{where_}", visible(text).replace('\n', "\n      ")));
        }
    }

    fn row(&self, test: &TestSummary) -> String {
        let tally = &test.tally;
        let passed = format!("{:>11}", format!("{}/{}", tally.passed, tally.runs));
        let verdict = if tally.all_passed() {
            String::new()
        } else {
            format!("  {} {}", lines::verdict(tally), rate(tally))
        };
        format!(
            "{:width$}  {}  {:>6.1}s  {:>6.0}  {:>7}  {:>5.0}  {:>8}{}",
            test.case.name,
            if tally.all_passed() { self.paint.good(&passed) } else { self.paint.bad(&passed) },
            tally.mean(tally.virtual_seconds),
            tally.mean(tally.rpcs as f64),
            lines::bytes(tally.mean(tally.bytes as f64)),
            tally.mean(tally.commands as f64),
            lines::milliseconds(tally.mean(tally.cpu_seconds)),
            self.paint.bad(&verdict),
            width = self.name_width
        )
    }

    /// Colours the verdict in a closing line.
    fn verdict_in(&self, line: String, test: &TestSummary) -> String {
        let verdict = lines::verdict(&test.tally);
        let coloured =
            if test.tally.all_passed() { self.paint.good(verdict) } else { self.paint.bad(verdict) };
        line.replacen(verdict, &coloured, 1)
    }

    /// Prints the causes of failures. `replay` gives the command that replays a cause's first failure.
    pub(crate) fn causes(&self, causes: &Causes, replay: &dyn Fn(&Cause) -> String) {
        for (number, cause) in (1..).zip(causes.iter().take(CAUSES_SHOWN)) {
            self.line("");
            let heading = format!("failure {number} of {}: {}", causes.len(), extent(cause));
            self.line(&self.paint.bad(&heading));
            self.cause(cause, causes.failures(), &replay(cause));
        }
        if causes.len() > CAUSES_SHOWN {
            self.line(&format!(
                "\nand {} more (--json FILE has {})",
                count((causes.len() - CAUSES_SHOWN) as u64, "cause"),
                if causes.failures_of_others() == 0 { "all" } else { "a thousand" }
            ));
        }
        if causes.len() > 0 {
            self.line("");
        }
    }

    /// Prints a cause, one of those of this many failed runs.
    fn cause(&self, cause: &Cause, failed: u64, replay: &str) {
        let first = &cause.first;
        for line in rule::headline(first, self.paint) {
            self.line(&format!("  {line}"));
        }
        if let Some(line) = rule::summary(first, cause.runs(), failed, replay) {
            self.line(&format!("  {line}"));
        }
        self.line(&format!("  {}", first.statement("  ")));
        if let Some(line) = first.origin_line() {
            self.line(&format!("  {line}"));
        }
        for line in rule::afterword(first, self.paint) {
            self.line(&format!("  {line}"));
        }
        for line in first.plan_lines() {
            self.line(&format!("  {line}"));
        }
        let which = format!("{}, seed {}", first.case.name, seed::format(first.seed));
        self.quote(&format!("the end of its output ({which})"), cause.evidence.printed.trim_end().lines());
        if let Some(recording) = &cause.recording {
            let kept = log_filter().map(|kept| format!(", {RUST_LOG}={kept}")).unwrap_or_default();
            self.quote(
                &format!("{} ({which}{kept})", recording.title),
                recording.log.iter().map(String::as_str),
            );
            // 0: unknown, because the machine decided where the run ended.
            let known = recording.fingerprint != 0 && first.fingerprint != 0;
            if known && recording.fingerprint != first.fingerprint {
                self.line(&format!(
                    "  {}: the same seed gave another run when it was repeated, so something outside the\n  \
                     simulation affects the run: a thread, lock or clock that is not labrt's?",
                    self.paint.doubtful("warning")
                ));
            }
        }
        match self.backend {
            Backend::Simulation => {
                self.line(&format!("  replay: {replay}"));
                if let Some(page) = &cause.page {
                    self.line(&format!("  page: {}", visible(&page.display().to_string())));
                }
            }
            Backend::Threads => self.line(&format!(
                "  a run on real threads cannot be repeated; to look for the failure in simulation: {replay}"
            )),
        }
    }

    fn quote<'a>(&self, what: &str, quoted: impl Iterator<Item = &'a str>) {
        let mut quoted = quoted.peekable();
        if quoted.peek().is_some() {
            self.line(&format!("  {what}:"));
        }
        for line in quoted {
            self.line(&self.paint.faint(&format!("    {}", log_line::shown(line).replace('\n', "\n    "))));
        }
    }

    /// Prints the rules that were broken in runs that passed. `replay` gives the command that replays a run.
    pub(crate) fn findings(&self, summary: &Summary, replay: &dyn Fn(&TestSummary, &Finding) -> String) {
        let all: Vec<(&TestSummary, &Finding)> =
            summary.tests.iter().flat_map(|test| test.findings.iter().map(move |it| (test, it))).collect();
        let mut ids: Vec<&str> = Vec::new();
        for (_, Finding { rule, .. }) in &all {
            if !ids.contains(&rule.id.as_str()) {
                ids.push(&rule.id);
            }
        }
        if !ids.is_empty() {
            self.line(
                "\nfindings: rules that were broken in runs that passed; no verdict is changed by them",
            );
        }
        for id in ids.iter().take(FINDINGS_SHOWN) {
            let of_rule: Vec<_> = all.iter().filter(|(_, it)| it.rule.id == *id).collect();
            let (test, first) = of_rule[0];
            let tests: Vec<&str> = of_rule.iter().map(|(test, _)| test.case.name).collect();
            for line in rule::finding(&first.rule, self.paint) {
                self.line(&format!("  {line}"));
            }
            self.line(&format!("  {}", rule::found_in(&first.rule, &tests, &replay(test, first))));
        }
        if ids.len() > FINDINGS_SHOWN {
            let more = count((ids.len() - FINDINGS_SHOWN) as u64, "rule");
            self.line(&format!("and {more} more (--json FILE has all)"));
        }
        let mut unseen: Vec<&str> =
            summary.tests.iter().flat_map(|test| &test.unseen).map(|it| &**it).collect();
        unseen.sort_unstable();
        unseen.dedup();
        if !unseen.is_empty() {
            let unseen: Vec<String> = unseen.iter().take(UNSEEN_SHOWN).map(|it| one_line(it, 200)).collect();
            self.line(&format!("rules that were not checked in runs that passed: {}", unseen.join("; ")));
        }
        if !ids.is_empty() {
            self.line("");
        }
    }

    /// Prints the situations that runs came to.
    pub(crate) fn coverage(&self, coverage: &Coverage) {
        for lab in coverage.of_labs() {
            self.line("");
            coverage::lines(&lab).iter().for_each(|line| self.line(line));
        }
        self.line("");
    }

    /// Prints the last line: the totals.
    pub(crate) fn total(&self, summary: &Summary, wall: Duration) {
        self.bar.finish_and_clear();
        let total = summary.total();
        let failed = total.runs - total.passed;
        let not_implemented = match total.not_implemented {
            0 => String::new(),
            count => format!(" ({count} not implemented)"),
        };
        let rate = if failed == 0 { String::new() } else { format!(", {}", rate(&total)) };
        let not_made = match summary.not_made() {
            0 => String::new(),
            runs => format!(", {runs} not made"),
        };
        let verdict = format!("{} passed, {failed} failed{not_implemented}{rate}{not_made}", total.passed);
        let tests = summary.tests.iter().filter(|test| test.tally.runs > 0).count();
        let speed = if total.cpu_seconds > 0.0 { total.virtual_seconds / total.cpu_seconds } else { 0.0 };
        let (virtual_time, speed) = match self.backend {
            Backend::Simulation => {
                (format!("virtual {:.1} s, ", total.virtual_seconds), format!(", {speed:.0} virtual s/CPU s"))
            }
            Backend::Threads => Default::default(),
        };
        self.line(&format!(
            "{}, {}: {}; {virtual_time}CPU {:.2} s, wall {:.2} s{speed}",
            count(tests as u64, "test"),
            count(total.runs, "run"),
            if failed == 0 { self.paint.good(&verdict) } else { self.paint.bad(&verdict) },
            total.cpu_seconds,
            wall.as_secs_f64(),
        ));
    }

    /// Prints a line above the bar.
    pub(crate) fn line(&self, text: &str) {
        self.bar.suspend(|| {
            // A reader who closed the pipe has seen enough; the results may still go to a file.
            let _ = writeln!(std::io::stdout(), "{}", self.paint.printable(text));
        });
    }
}

/// The share of runs that passed, with its 95 % confidence interval: `90.0 % (59.6 to 98.2)`.
fn rate(tally: &Tally) -> String {
    let Interval { low, high } = wilson(tally.passed, tally.runs);
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    format!(
        "{} % pass ({} to {})",
        percent(tally.passed as f64 / tally.runs.max(1) as f64),
        percent(low),
        percent(high)
    )
}

/// The numbers of runs that failed with a cause, by test.
fn extent(cause: &Cause) -> String {
    const NAMED: usize = 4;
    let mut tests: Vec<String> =
        cause.tests.iter().take(NAMED).map(|(name, runs)| format!("{name} {runs}")).collect();
    if cause.tests.len() > NAMED {
        tests.push(format!("{} more", count((cause.tests.len() - NAMED) as u64, "test")));
    }
    format!("{} ({})", count(cause.runs(), "run"), tests.join(", "))
}

/// `1 run was`, `980 runs were`.
fn was(runs: u64) -> String {
    format!("{} {}", count(runs, "run"), if runs == 1 { "was" } else { "were" })
}

/// `1 test`, `28 tests`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

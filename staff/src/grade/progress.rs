//! [`Progress`]: a line on the standard output for each graded submission; on a terminal, below them, the
//! current activity.

use std::path::Path;
use std::time::Duration;

use crate::report::{Graded, Outcome};
use crate::score::Points;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use labreport::text::{cut, visible};

use super::checkpoint::TestEntry;

pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new() -> Self {
        // Hidden and without effect if the standard error is not a terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {pos} runs, {elapsed}: {msg}");
        bar.set_style(style.expect("the template is well formed"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }

    /// Shows the current activity of a submission.
    pub(super) fn show(&self, name: &str, what: &str) {
        self.bar.set_message(format!("{name} {what}"));
    }

    /// Records that the runs of a test are complete.
    pub(super) fn tested(&self, name: &str, test: &TestEntry) {
        self.bar.inc(test.runs);
        self.show(name, &format!("was at {}", test.name));
    }

    /// Prints the result of a submission.
    pub(super) fn graded(&self, graded: &Graded) {
        let what = match &graded.outcome {
            Outcome::Graded => String::new(),
            outcome => format!(": {}", cut(outcome.sentence().lines().next().unwrap_or_default(), 1_000)),
        };
        self.line(&format!("{} {}/{}{what}", graded.name, graded.score(), graded.max()));
    }

    /// Prints the summary after all submissions.
    pub(super) fn end(&self, all: &[Graded], out: &Path) {
        self.bar.finish_and_clear();
        let best = all.iter().map(Graded::score).max().unwrap_or(Points::ZERO);
        self.line(&format!(
            "{} submissions, best {best}; scores.csv and a folder for each are in {}",
            all.len(),
            out.display()
        ));
        let count = |is: fn(&Outcome) -> bool| all.iter().filter(|it| is(&it.outcome)).count();
        let stopped = count(|outcome| matches!(outcome, Outcome::Stopped(_)));
        if stopped > 0 {
            self.line(&format!("the build of {stopped} was stopped; the same command tries it again"));
        }
        let unfinished = count(|outcome| matches!(outcome, Outcome::Unfinished(_)));
        if unfinished > 0 {
            self.line(&format!(
                "{unfinished} not graded to the end; the same command continues with the missing runs"
            ));
        }
        let failed = count(|outcome| matches!(outcome, Outcome::NotGraded(_)));
        if failed > 0 {
            self.line(&format!("{failed} could not be graded; the same command tries them again"));
        }
    }

    fn line(&self, line: &str) {
        self.bar.suspend(|| {
            use std::io::Write;
            // A closed pipe is not an error.
            let _ = writeln!(std::io::stdout(), "{}", visible(line));
        });
    }
}

//! [`Injection`]: a right solution that becomes wrong at a chosen call of a run; [`Missing`]: the checks of a
//! test that have not noticed it yet.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use labapi::Solution;
use parking_lot::{Mutex, MutexGuard};
use tester::{Report, RunOptions, run};

use crate::expect::case;

/// The plan of the present run: which fault begins at which call, and how many calls there were.
///
/// There is one of a kind in the process, because a run cannot be told more than its seed. Runs that use it
/// take turns.
pub struct Injection<P> {
    turn: Mutex<()>,
    plan: Mutex<P>,
}

impl<P> Injection<P> {
    pub const fn new(plan: P) -> Self {
        Self { turn: Mutex::new(()), plan: Mutex::new(plan) }
    }

    /// The plan, for a call of the solution to look at and to count itself in.
    pub fn plan(&self) -> MutexGuard<'_, P> {
        self.plan.lock()
    }

    /// Runs a test under `plan`. Answers also what `counts` makes of the plan after the run.
    pub fn run<R>(
        &self,
        test: &str,
        solution: &Solution,
        plan: P,
        counts: impl FnOnce(&P) -> R,
    ) -> (Report, R) {
        let _turn = self.turn.lock();
        *self.plan.lock() = plan;
        let report = run(case(test), solution, &RunOptions::new(1));
        let counts = counts(&self.plan.lock());
        (report, counts)
    }
}

/// Lines of a function of the tester on which something is checked, and no injected fault has been noticed.
pub struct Missing {
    file: &'static str,
    function: &'static str,
    lines: BTreeSet<usize>,
}

impl Missing {
    /// The lines of `function` in `file`, such as `src/raft/part_3a.rs`, on which one of `checks` is called.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn new(file: &'static str, function: &'static str, checks: &[&str]) -> Self {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the file");
        let start = format!("fn {function}(");
        let mut body = text.lines().zip(1..).skip_while(|(line, _)| !line.contains(&start)).peekable();
        let indent = body.peek().map_or("", |(line, _)| &line[..line.len() - line.trim_start().len()]);
        let lines: BTreeSet<usize> = body
            .take_while(|(line, _)| line.strip_prefix(indent) != Some("}"))
            .filter(|(line, _)| checks.iter().any(|check| line.contains(check)))
            .map(|(_, number)| number)
            .collect();
        assert!(!lines.is_empty(), "{function} calls none of {checks:?}");
        Self { file, function, lines }
    }

    /// Takes note of a run: the line of the file that noticed the fault, if one did, is not missing any more.
    pub fn note(&mut self, report: &Report) -> Option<usize> {
        let location = report.failure.as_ref()?.location.as_ref()?;
        let line = location.split(self.file).nth(1)?.split(':').nth(1)?.parse().ok()?;
        self.lines.remove(&line);
        Some(line)
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Injects a fault at one call after the other: the first, the last of `calls`, the first `one_by_one`,
    /// and then between any two calls at which different lines notice it. `run` runs the test with the fault
    /// from a call on.
    ///
    /// # Panics
    ///
    /// Panics if a line is still missing then.
    pub fn expect_noticed(mut self, calls: u32, one_by_one: u32, mut run: impl FnMut(u32) -> Report) {
        let mut line_at = |call| (call, self.note(&run(call)), self.is_empty());
        let (mut first, last) = (line_at(1), line_at(calls));
        if last.2 {
            return;
        }
        for call in 2..=one_by_one.min(calls) {
            first = line_at(call);
            if first.2 {
                return;
            }
        }
        let mut spans = vec![(first, last)];
        while let Some((first, last)) = spans.pop() {
            if first.1 == last.1 || last.0 - first.0 <= 1 {
                continue;
            }
            let middle = line_at(first.0.midpoint(last.0));
            if middle.2 {
                return;
            }
            spans.extend([(middle, last), (first, middle)]);
        }
        self.fail();
    }

    /// Fails the test because of what is still missing.
    pub fn fail(&self) -> ! {
        panic!(
            "whatever fault was injected, no check noticed it on the lines {:?} of {}",
            self.lines, self.function
        )
    }
}

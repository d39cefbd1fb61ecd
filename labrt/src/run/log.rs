//! The log of a recorded run: lines of lab code and of the harness with virtual time, server and thread.
//! `RUST_LOG` selects lines.

use std::collections::VecDeque;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use env_filter::Filter;
use log::{Level, Metadata};

/// One line of a recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The virtual time since the run began.
    pub at: Duration,
    /// The node that wrote it, such as `server 2`; empty for an event.
    pub node: String,
    /// The thread that wrote it; empty for an event.
    pub thread: String,
    /// The level. The harness writes at `Info`.
    pub level: Level,
    /// The module that wrote it.
    pub target: String,
    /// The text.
    pub text: String,
    /// The [trace context](crate::world::trace_context) of the thread that wrote it; 0 outside every thread.
    pub cause: u64,
    /// The greatest trace context that was set in the run before; on real threads, `cause`.
    pub after: u64,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogLine { at, node, thread, level, text, .. } = self;
        write!(f, "{:>11.6} {level:<5} ", at.as_secs_f64())?;
        match (node.is_empty(), thread.is_empty()) {
            (true, _) => write!(f, "{:<22} {text}", "network"),
            (false, true) => write!(f, "{node:<22} {text}"),
            (false, false) => write!(f, "{:<22} {text}", format!("{node}/{thread}")),
        }
    }
}

/// The number of lines that are kept of a run: the last ones.
pub(crate) const MAX_LINES: usize = 100_000;

/// The last lines of a recorded run's log. Their memory is [uncounted](crate::raw::heap::uncounted).
#[derive(Default)]
pub(crate) struct LogBuffer(VecDeque<LogLine>);

impl LogBuffer {
    pub(crate) fn push(&mut self, line: LogLine) {
        if self.0.len() == MAX_LINES {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(crate) fn into_lines(self) -> Vec<LogLine> {
        self.0.into()
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.0.iter().cloned().collect()
    }
}

/// A function that receives the lines of a log as they are written.
///
/// It is called on the simulation's OS thread and must not call into the run.
#[derive(Clone, Copy, Debug)]
pub struct Tap(fn(&LogLine));

impl Tap {
    /// A tap that passes each line to `take`.
    #[must_use]
    pub fn new(take: fn(&LogLine)) -> Self {
        Self(take)
    }

    /// Passes a line on.
    pub fn take(self, line: &LogLine) {
        (self.0)(line);
    }
}

impl PartialEq for Tap {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Tap {}

/// The environment variable that selects the lines that are kept, in the syntax of `env_logger`: a level
/// (`info`), levels of modules (`info,raft=debug`), or `off`. All lines are kept if it is unset or empty.
pub const RUST_LOG: &str = "RUST_LOG";

/// The value of [`RUST_LOG`], such as `info`; `None` if it is unset or empty.
#[must_use]
pub fn log_filter() -> Option<String> {
    std::env::var(RUST_LOG).ok().filter(|text| !text.trim().is_empty())
}

/// The filter that [`RUST_LOG`] gave when the first run of the process began; `None` keeps everything.
static FILTER: OnceLock<Option<Filter>> = OnceLock::new();

fn filter(spec: &str) -> Filter {
    env_filter::Builder::new().parse(spec).build()
}

fn passes(filter: &Filter, level: Level, target: &str) -> bool {
    filter.enabled(&Metadata::builder().level(level).target(target).build())
}

/// Reads [`RUST_LOG`], once per process.
pub(crate) fn read_filter() {
    FILTER.get_or_init(|| log_filter().as_deref().map(filter));
}

/// Whether a recorded run keeps a line of that level and module.
///
/// Only recorded runs ask this; formatting a line does not affect the run.
pub(crate) fn is_kept(level: Level, target: &str) -> bool {
    let filter = FILTER.get().and_then(Option::as_ref);
    filter.is_none_or(|filter| passes(filter, level, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(spec: &str, level: Level, target: &str) -> bool {
        passes(&filter(spec), level, target)
    }

    #[test]
    fn a_level_keeps_the_more_severe_ones() {
        for (spec, kept) in [("trace", 3), ("debug", 2), ("info", 1), ("off", 0)] {
            let levels = [Level::Info, Level::Debug, Level::Trace];
            let count = levels.into_iter().filter(|level| is_kept(spec, *level, "raft::election")).count();
            assert_eq!(count, kept, "RUST_LOG={spec}");
        }
    }

    #[test]
    fn modules_can_have_their_own_levels() {
        assert!(is_kept("info,raft=debug", Level::Debug, "raft::election"));
        assert!(!is_kept("info,raft=debug", Level::Debug, "kvraft"));
        assert!(is_kept("info,raft=debug", Level::Info, "labrpc"));
        assert!(!is_kept("raft", Level::Info, "labrpc"));
    }
}

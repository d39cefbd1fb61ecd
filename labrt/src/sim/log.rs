//! The log of a recorded run: lines of lab code and of the harness, stamped with virtual time,
//! server and thread.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Once;
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::here;

/// One line of a recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The virtual time since the run began.
    pub at: Duration,
    /// The node that wrote it, such as `server 2`; empty outside every thread.
    pub node: String,
    /// The thread that wrote it; empty outside every thread.
    pub thread: String,
    /// How important it is. The harness writes at `Info`.
    pub level: Level,
    /// The module that wrote it.
    pub target: String,
    /// What it says.
    pub text: String,
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

/// The log of a run keeps so many lines, the last ones.
pub(crate) const LINES_KEPT: usize = 100_000;

/// The end of a recorded run's log.
#[derive(Default)]
pub(crate) struct Kept(VecDeque<LogLine>);

impl Kept {
    pub(crate) fn push(&mut self, line: LogLine) {
        if self.0.len() == LINES_KEPT {
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

    /// The memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let texts = |line: &LogLine| {
            line.node.capacity() + line.thread.capacity() + line.target.capacity() + line.text.capacity()
        };
        (self.0.capacity() * size_of::<LogLine>() + self.0.iter().map(texts).sum::<usize>()) as u64
    }
}

/// Who takes the lines of a log as they are written.
///
/// It is called on the simulation's thread of the system, and must not call the run.
#[derive(Clone, Copy, Debug)]
pub struct Tap(fn(&LogLine));

impl Tap {
    /// Hands each line to `take`.
    #[must_use]
    pub fn new(take: fn(&LogLine)) -> Self {
        Self(take)
    }

    /// Hands over a line.
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

/// Receives the `log` crate's records and keeps those of recorded runs.
struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        here::try_with(|here| here.recording()).unwrap_or(false)
    }

    fn log(&self, record: &Record<'_>) {
        let _ = here::try_with(|here| {
            if here.recording() {
                // The values' own formatting may call labrt, which must not let another thread run:
                // a run that is not recorded does not format them, and both must be the same run.
                let text = here.without_switching(|| record.args().to_string());
                here.record(record.level(), record.target(), text);
            }
        });
    }

    fn flush(&self) {}
}

/// Makes the `log` crate's macros write here, once a process.
///
/// The level is the same whether or not anything is recorded, because a macro evaluates its
/// arguments by the level, and lab code may take a lock there.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if log::set_logger(&Recorder).is_ok() {
            log::set_max_level(LevelFilter::Trace);
        }
    });
}

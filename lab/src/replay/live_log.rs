//! [`LiveLog`]: the log of the run that goes on.
//!
//! Most runs end at once. Then the log is shown with the events, in the order of time. The log of a run that
//! takes long, and may never end, is shown as it is written.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use labrt::world::{RUST_LOG, log_filter};

use super::line_filter::LineFilter;
use super::voice::Voice;
use crate::report::log_line;

/// The time after which the log of a run is shown while it goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// The log of a run. Lines are held back at first.
pub(super) struct LiveLog {
    held: Arc<Mutex<Held>>,
    /// Dropped when the run has ended.
    running: Option<Sender<()>>,
}

struct Held {
    filter: LineFilter,
    voice: Voice,
    /// Lines that are to be shown and were not.
    lines: Vec<String>,
    /// Whether lines are shown at once.
    is_live: bool,
    shown: u64,
    all: u64,
}

impl Held {
    fn show(&mut self) {
        for line in std::mem::take(&mut self.lines) {
            self.voice.say(&log_line::shown(&line));
        }
    }
}

impl LiveLog {
    /// The log of a run that begins now.
    pub(super) fn new(filter: LineFilter, voice: Voice) -> Self {
        let held = Held { filter, voice, lines: Vec::new(), is_live: false, shown: 0, all: 0 };
        let held = Arc::new(Mutex::new(held));
        let (running, ended) = mpsc::channel::<()>();
        let shared = Arc::clone(&held);
        thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let mut held = shared.lock().unwrap_or_else(PoisonError::into_inner);
                held.is_live = true;
                held.show();
            }
        });
        Self { held, running: Some(running) }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all += 1;
        if held.filter.passes(line) {
            held.shown += 1;
            held.lines.push(line.to_owned());
        }
        if held.is_live {
            held.show();
        }
    }

    /// The run has ended: what is held back stays so.
    pub(super) fn stop(&mut self) {
        self.running = None;
    }

    /// Whether the log has been shown.
    pub(super) fn was_shown(&self) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).is_live
    }

    /// Shows what was held back, and how many lines there are.
    pub(super) fn show_all(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.show();
        if held.shown < held.all {
            held.voice.say(&format!("({} of {} lines of the log)", held.shown, held.all));
        }
        say_filter(held.voice);
    }
}

/// Says if the log has certain lines only.
pub(super) fn say_filter(voice: Voice) {
    if let Some(kept) = log_filter() {
        voice.say(&format!("({RUST_LOG}={kept}: no other lines were kept)"));
    }
}

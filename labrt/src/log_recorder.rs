//! The way of the `log` crate's records into the log of a recorded run.

use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

use crate::context;
use crate::run::log::{is_kept, read_filter};
use crate::run::truncate::{LONGEST_MESSAGE, truncated};

/// Receives the `log` crate's records and is_kept those of recorded runs.
struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        context::try_with(|context| context.recording()).unwrap_or(false)
    }

    fn log(&self, record: &Record<'_>) {
        let _ = context::try_with(|context| {
            if context.recording() && is_kept(record.level(), record.target()) {
                // The values' own formatting may call labrt, which must not let another thread run:
                // a run that is not recorded does not format them, and both must be the same run.
                let text = context.without_switching(|| record.args().to_string());
                let text = truncated(text, LONGEST_MESSAGE);
                context.record(record.level(), record.target(), &text);
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
        read_filter();
        if log::set_logger(&Recorder).is_ok() {
            log::set_max_level(LevelFilter::Trace);
        }
    });
}

//! Passes records of the `log` crate to the log of a recorded run.

use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

use crate::context;
use crate::run::log::{is_kept, read_filter};
use crate::run::truncate::{LONGEST_MESSAGE, truncated};

/// Receives the `log` crate's records and keeps those of recorded runs.
struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        context::try_with(|context| context.recording()).unwrap_or(false)
    }

    fn log(&self, record: &Record<'_>) {
        let _ = context::try_with(|context| {
            if context.recording() && is_kept(record.level(), record.target()) {
                // Formatting a value may call labrt, which must not switch threads here: runs that are not
                // recorded do not format it, and recording must not change the run.
                let text = context.without_switching(|| record.args().to_string());
                let text = truncated(text, LONGEST_MESSAGE);
                context.record(record.level(), record.target(), &text);
            }
        });
    }

    fn flush(&self) {}
}

/// Installs the recorder as the logger of the `log` crate, once per process.
///
/// The maximum level does not depend on whether the run is recorded: the macros evaluate their arguments by
/// it, and lab code may take a lock there.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        read_filter();
        if log::set_logger(&Recorder).is_ok() {
            log::set_max_level(LevelFilter::Trace);
        }
    });
}

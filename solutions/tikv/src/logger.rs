//! The library's log lines, for the `log` crate.

use std::convert::Infallible;
use std::fmt::{Arguments, Write};

use log::Level;
use slog::{Drain, KV, Logger, OwnedKVList, Record, Serializer, o};

/// The logger that the library gets.
pub(crate) fn logger() -> Logger {
    Logger::root(ToLog, o!())
}

/// Writes each record with the macros' function of the `log` crate, under the module of the library.
struct ToLog;

impl Drain for ToLog {
    type Ok = ();
    type Err = Infallible;

    fn log(&self, record: &Record<'_>, _: &OwnedKVList) -> Result<(), Infallible> {
        let level = match record.level() {
            slog::Level::Critical | slog::Level::Error => Level::Error,
            slog::Level::Warning => Level::Warn,
            slog::Level::Info => Level::Info,
            slog::Level::Debug => Level::Debug,
            slog::Level::Trace => Level::Trace,
        };
        let target = record.module();
        if log::log_enabled!(target: target, level) {
            let mut values = Values(String::new());
            // A value that cannot be written is left out.
            let _ = record.kv().serialize(record, &mut values);
            log::log!(target: target, level, "{}{}", record.msg(), values.0);
        }
        Ok(())
    }
}

/// The values of a record, written one after the other.
struct Values(String);

impl Serializer for Values {
    fn emit_arguments(&mut self, key: slog::Key, value: &Arguments<'_>) -> slog::Result {
        write!(self.0, ", {key}: {value}").map_err(slog::Error::from)
    }
}

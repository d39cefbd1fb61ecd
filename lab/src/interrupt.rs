//! Ctrl-C and SIGTERM: a command ends its children, writes what it knows, and then ends as the signal would
//! have ended it.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::error::CommandError;

/// The signal that came first; 0 if none has.
static CAME: AtomicI32 = AtomicI32::new(0);

/// Done by each signal, besides.
static ALSO: OnceLock<fn()> = OnceLock::new();

/// From now on each signal also does this, such as to end other processes. Only the first call counts.
pub fn also(end: fn()) {
    let _ = ALSO.set(end);
}

/// From now on the first signal only makes [`has_come`] true, and says `advice`. The second one ends the
/// process.
///
/// # Errors
///
/// The system does not say which signals come.
pub fn watch(advice: &'static str) -> Result<(), CommandError> {
    let cannot = |cause: io::Error| CommandError::new(format!("cannot wait for signals: {cause}"));
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(cannot)?;
    let wait = move || {
        for signal in signals.forever() {
            if let Some(end) = ALSO.get() {
                end();
            }
            if CAME.swap(signal, Ordering::Relaxed) != 0 {
                end_as(signal);
            }
            eprintln!("\n{advice}");
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map_err(cannot)?;
    Ok(())
}

/// Whether the command is to come to its end.
pub fn has_come() -> bool {
    CAME.load(Ordering::Relaxed) != 0
}

/// Ends the process if a signal has come: whoever started it sees that it was ended, and by what.
pub fn end_if_it_came() {
    match CAME.load(Ordering::Relaxed) {
        0 => {}
        signal => end_as(signal),
    }
}

fn end_as(signal: i32) {
    // It returns only for a signal whose default is not to end the process.
    let _ = emulate_default_handler(signal);
}

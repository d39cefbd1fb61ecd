//! Ctrl-C and SIGTERM: a command ends its children, writes the results so far, and ends as by the signal.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::error::CommandError;

/// The first signal; 0 before it.
static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// The function that each signal calls.
static ON_SIGNAL: OnceLock<fn()> = OnceLock::new();

/// Calls `end` on each signal from now on, to end other processes for example. Only the first call counts.
pub fn on_signal(end: fn()) {
    let _ = ON_SIGNAL.set(end);
}

/// Handles signals from now on: the first makes [`has_come`] true and prints `advice`, the second ends the
/// process.
///
/// # Errors
///
/// The system does not let the process handle signals.
pub fn watch(advice: &'static str) -> Result<(), CommandError> {
    let cannot = |cause: io::Error| CommandError::new(format!("cannot wait for signals: {cause}"));
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(cannot)?;
    let wait = move || {
        for signal in signals.forever() {
            if let Some(end) = ON_SIGNAL.get() {
                end();
            }
            if RECEIVED.swap(signal, Ordering::Relaxed) != 0 {
                end_as(signal);
            }
            eprintln!("\n{advice}");
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map_err(cannot)?;
    Ok(())
}

/// Whether a signal has come, after which the command is to end.
pub fn has_come() -> bool {
    RECEIVED.load(Ordering::Relaxed) != 0
}

/// Ends the process by the signal, if one has come: the parent process sees which.
pub fn end_if_it_came() {
    match RECEIVED.load(Ordering::Relaxed) {
        0 => {}
        signal => end_as(signal),
    }
}

fn end_as(signal: i32) {
    // It returns only for a signal that does not end a process by default.
    let _ = emulate_default_handler(signal);
}

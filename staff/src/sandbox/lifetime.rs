//! The lifetime of the process: it dies with its parent.

use std::fs;
use std::io;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Makes the kernel kill this process when the parent thread that started it ends. Must be called again after
/// each change of the user.
pub(super) fn die_with_parent(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let alive = match getppid() {
        Some(pid) => u32::try_from(pid.as_raw_nonzero().get()) == Ok(parent),
        // The parent is outside of this process's namespace.
        None => runs(parent),
    };
    if alive { Ok(()) } else { Err(io::Error::other("the parent is gone")) }
}

/// Whether the process exists and has not ended.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, fields)| fields.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

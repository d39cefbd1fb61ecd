//! The process dies with its parent.

use std::fs;
use std::io;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Has the kernel kill this process when its parent dies: the thread of it that started this process. Must be
/// called again whenever the process has become another user.
pub(super) fn die_with_parent(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let alive = match getppid() {
        Some(pid) => u32::try_from(pid.as_raw_nonzero().get()) == Ok(parent),
        // The parent is outside of this process's namespace.
        None => runs(parent),
    };
    if alive { Ok(()) } else { Err(io::Error::other("the parent is gone")) }
}

/// Whether there is such a process and it has not ended.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, fields)| fields.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

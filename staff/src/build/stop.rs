//! [`stop_all`]: whoever started a build wants it no more.

use std::sync::atomic::{AtomicBool, Ordering};

/// A signal is the process's, and so is this.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Ends all builds of this process, with all their processes, and those that begin later as soon as they
/// have. For a process that is about to end, such as after Ctrl-C.
pub fn stop_all() {
    ASKED.store(true, Ordering::Relaxed);
}

pub(super) fn is_asked_for() -> bool {
    ASKED.load(Ordering::Relaxed)
}

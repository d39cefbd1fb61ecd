//! [`stop_all`]: stops all builds.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set once; global, because a signal concerns the whole process.
static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Stops all builds of this process, with all their processes, and those that begin later as soon as they
/// have started. For a process that is about to exit, such as after Ctrl-C.
pub fn stop_all() {
    REQUESTED.store(true, Ordering::Relaxed);
}

pub(super) fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

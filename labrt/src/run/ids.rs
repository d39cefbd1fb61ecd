//! Numbers that identify runs and nodes.

use std::sync::atomic::{AtomicU64, Ordering};

/// The node of the run's main function.
pub(crate) const TESTER: u32 = 0;

/// A number that identifies a run within the process; never 0.
pub(crate) fn next_run_id() -> u64 {
    static NEXT_ID: AtomicU64 = AtomicU64::new(1);
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

//! Numbers by which runs and nodes are told apart.

use std::sync::atomic::{AtomicU64, Ordering};

/// The node that the run's main function is on.
pub(crate) const TESTER: u32 = 0;

/// What tells a run from every other one of the process.
pub(crate) fn next_run_id() -> u64 {
    static NEXT_ID: AtomicU64 = AtomicU64::new(1);
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

//! Messages of runs that exceed their limits.

use std::time::Duration;

/// The message for a run whose process has grown by `bytes`.
pub(crate) fn growth_message(bytes: u64) -> String {
    format!(
        "the process has grown by {:.1} GiB since the run began: something accumulates without limit. Look \
         for a loop that appends to a log, a queue or a channel that is never emptied, or that starts \
         threads that never end",
        bytes as f64 / f64::from(1 << 30)
    )
}

/// The message for a run that has used more processor time than `limit`.
pub(crate) fn time_message(limit: Duration) -> String {
    format!("the run had not ended after {} s of processor time", limit.as_secs_f64())
}

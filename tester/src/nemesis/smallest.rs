//! [`smallest`]: the run of the smallest fault plan that fails for the same cause.

use std::sync::Arc;
use std::time::Duration;

use super::{FaultPlan, shrink};
use crate::{FailureCause, Report, RunOptions};

/// The most runs that a search for a smaller plan makes.
pub const MOST_TRIES: u32 = 150;

/// The most processor time that these runs take together.
pub const MOST_CPU_TIME: Duration = Duration::from_secs(5);

/// The run with the same seed and the smallest fault plan that was found to fail for the same
/// [cause](FailureCause) as the run that is given. That run itself, if it passed, played no plan, cannot be
/// repeated in the same process, or no smaller plan fails so.
///
/// `options` are those of the run that is given, and `run` makes a run. At most [`MOST_TRIES`] runs are made,
/// and they take [`MOST_CPU_TIME`] together. Runs that reach a limit of the machine count as passed, and the
/// search ends when one leaves a thread behind.
pub fn smallest(report: Report, options: &RunOptions, run: &mut dyn FnMut(&RunOptions) -> Report) -> Report {
    let (Some(plan), Some(cause)) = (report.plan.clone(), FailureCause::of(&report)) else { return report };
    if !report.can_be_repeated() {
        return report;
    }
    // Nothing begins after the failure that could have caused it. The clients begin later than the run.
    let failed_at = report.failure.as_ref().map_or(f64::INFINITY, |failure| failure.at_seconds);
    let mut begun = plan.clone();
    begun.faults.retain(|fault| Duration::from_millis(fault.at_ms).as_secs_f64() <= failed_at);
    let mut best = report;
    let mut left = MOST_CPU_TIME.min(options.max_cpu_time);
    let mut try_one = |plan: &FaultPlan| {
        if left.is_zero() {
            return false;
        }
        let options = RunOptions {
            plan: Some(Arc::new(plan.clone())),
            record: false,
            tap: None,
            max_cpu_time: left,
            ..options.clone()
        };
        let report = run(&options);
        left = left.saturating_sub(Duration::try_from_secs_f64(report.cpu_seconds).unwrap_or(left));
        if !report.can_be_repeated() {
            left = Duration::ZERO;
            return false;
        }
        let fails = FailureCause::of(&report).as_ref() == Some(&cause);
        if fails {
            best = report;
        }
        fails
    };
    let is_shorter = begun.faults.len() < plan.faults.len();
    let tries_left = MOST_TRIES - u32::from(is_shorter);
    let plan = if is_shorter && try_one(&begun) { begun } else { plan };
    shrink(&plan, tries_left, &mut try_one);
    best
}

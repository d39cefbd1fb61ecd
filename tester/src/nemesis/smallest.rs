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

#[cfg(test)]
mod tests {
    use super::super::{Fault, FaultKind, Who};
    use super::*;
    use crate::rule::tests::{broken, report};

    /// The report of a run that played this plan. It breaks the rule, unless it passed.
    fn played(plan: &FaultPlan, rule: Option<&str>) -> Report {
        let failure = rule.map(|_| ("assertion", "lost 3"));
        let rules = rule.map(|rule| broken(rule, 2.0)).into_iter().collect();
        Report { fingerprint: 1, cpu_seconds: 0.01, plan: Some(plan.clone()), ..report(failure, rules) }
    }

    /// A plan whose faults pause server 0, 1, 2, … for 100 ms, every second.
    fn plan() -> FaultPlan {
        let pause = |server: usize| Fault {
            at_ms: 1000 * server as u64,
            for_ms: 100,
            kind: FaultKind::Pause { server: Who::Server(server) },
        };
        FaultPlan {
            test: "t".to_owned(),
            servers: 9,
            clients: 1,
            think_ms: 10,
            left_out: Vec::new(),
            faults: (0..9).map(pause).collect(),
        }
    }

    fn pauses(plan: &FaultPlan, server: usize) -> bool {
        plan.faults.iter().any(|fault| fault.kind == FaultKind::Pause { server: Who::Server(server) })
    }

    fn plan_of(options: &RunOptions) -> &FaultPlan {
        options.plan.as_deref().expect("a plan")
    }

    #[test]
    fn another_cause_is_not_the_failure_that_is_shrunk() {
        // Any plan fails, and only one with the pause of server 3 for the same cause.
        let mut run = |options: &RunOptions| {
            let plan = plan_of(options);
            played(plan, Some(if pauses(plan, 3) { "AE1" } else { "RV1" }))
        };
        let smallest = smallest(played(&plan(), Some("AE1")), &RunOptions::new(7), &mut run);
        let plan = smallest.plan.as_ref().expect("a plan");
        assert!(plan.faults.len() == 1 && pauses(plan, 3), "{plan}");
        assert_eq!(FailureCause::of(&smallest), Some(FailureCause::Rule("AE1".to_owned())));
    }

    #[test]
    fn what_begins_after_the_failure_is_left_out_first() {
        let mut tried = Vec::new();
        // The sample's failure comes after 5 s.
        smallest(played(&plan(), Some("AE1")), &RunOptions::new(7), &mut |options| {
            tried.push(plan_of(options).clone());
            played(plan_of(options), pauses(plan_of(options), 3).then_some("AE1"))
        });
        assert_eq!(tried[0].faults, plan().faults[..6]);
        assert!(tried[1..].iter().all(|plan| plan.faults.len() < 6 || plan.faults == tried[0].faults));
    }

    #[test]
    fn runs_and_their_time_are_bounded() {
        let mut runs = 0;
        let mut count = |cpu_seconds: f64| {
            runs = 0;
            smallest(played(&plan(), Some("AE1")), &RunOptions::new(7), &mut |options| {
                runs += 1;
                Report { cpu_seconds, ..played(plan_of(options), None) }
            });
            runs
        };
        assert!(count(0.0) <= MOST_TRIES);
        assert_eq!(count(2.0), 3, "three runs take more than the time");
    }

    #[test]
    fn a_run_that_cannot_be_repeated_is_not_shrunk() {
        let failed = played(&plan(), Some("AE1"));
        for report in [
            Report { fingerprint: 0, ..failed.clone() },
            Report { plan: None, ..failed.clone() },
            Report { failure: None, ..failed.clone() },
        ] {
            let same = smallest(report.clone(), &RunOptions::new(7), &mut |_| panic!("no run is made"));
            assert_eq!(same.plan, report.plan);
        }
        // The search ends where a run is ended by the machine.
        let mut runs = 0;
        let same = smallest(failed.clone(), &RunOptions::new(7), &mut |options| {
            runs += 1;
            Report { fingerprint: 0, ..played(plan_of(options), Some("AE1")) }
        });
        assert_eq!((runs, same.plan), (1, failed.plan));
    }
}

//! Determinism, in every test: the same source and the same seed give the same run.

use lab::COMPILED_IN;
use labrt::world::Policy;
use tester::{Case, RunOptions, run};

/// The outcome of a run without real times, which may differ.
fn outcome(case: &'static Case, seed: u64, policy: Policy, record: bool) -> (u64, f64, u64, u64, u64) {
    let report = run(case, &COMPILED_IN[0], &RunOptions { policy, record, ..RunOptions::new(seed) });
    assert!(report.failure.is_none(), "{}, seed {seed}: {:?}", case.name, report.failure);
    (report.fingerprint, report.virtual_seconds, report.rpcs, report.bytes, report.commands)
}

/// Of policies besides the default, one test in so many is tried: there is little of a policy in what a run
/// could leave behind.
const OTHER_POLICIES: usize = 6;

#[test]
fn earlier_runs_do_not_affect_a_run() {
    for (policy, stride) in Policy::ALL.into_iter().zip([1, OTHER_POLICIES, OTHER_POLICIES, OTHER_POLICIES]) {
        let cases = || tester::cases().iter().step_by(stride);
        let forwards: Vec<_> = cases().map(|case| outcome(case, 7, policy, false)).collect();
        // Again, after other runs than the first time, and with the log recorded.
        for (case, before) in cases().zip(forwards).rev() {
            assert_eq!(outcome(case, 7, policy, true), before, "{} with policy {policy}", case.name);
        }
    }
}

#[test]
fn concurrent_runs_do_not_affect_a_run() {
    let alone: Vec<_> = tester::cases().iter().map(|case| outcome(case, 8, Policy::Random, false)).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for (case, alone) in tester::cases().iter().zip(&alone) {
                    assert_eq!(outcome(case, 8, Policy::Random, false), *alone, "{}", case.name);
                }
            });
        }
    });
}

#[test]
fn different_seeds_give_different_runs() {
    for case in tester::cases() {
        let (one, other) = (outcome(case, 1, Policy::Random, false), outcome(case, 2, Policy::Random, false));
        assert_ne!(one.0, other.0, "{}", case.name);
    }
}

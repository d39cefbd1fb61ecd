//! Expectations on a run: it passes, or it fails with the right kind and the right words.

use tester::{Case, Report, cases};

/// The test of this name.
pub fn case(name: &str) -> &'static Case {
    cases().iter().find(|case| case.name == name).expect("a test of that name")
}

#[track_caller]
pub fn expect_pass(report: &Report) {
    assert!(report.passed(), "{}, seed {}: {:?}", report.test, report.seed, report.failure);
}

/// Expects a run to fail with this kind, and with all of these pieces in its message.
#[track_caller]
pub fn expect_failure(report: &Report, kind: &str, pieces: &[&str]) {
    let failure = report.failure.as_ref().expect("the solution is wrong, and passed");
    assert_eq!(failure.kind, kind, "{}", failure.message);
    for piece in pieces {
        assert!(failure.message.contains(piece), "expected `{piece}` in: {}", failure.message);
    }
}

/// `name: Fault in "test", "kind", "a piece of the message", …`: the failure in each of a few runs.
///
/// The module above the one that uses it has the double: `report` runs a test against it, and `RUNS` is the
/// number of seeds.
macro_rules! fails {
    ($name:ident: $fault:ident in $case:literal, $kind:literal, $($piece:literal),+ $(,)?) => {
        #[test]
        fn $name() {
            for seed in 0..super::RUNS {
                let report = super::report::<{ super::fault::Fault::$fault as u8 }>($case, seed);
                crate::expect::expect_failure(&report, $kind, &[$($piece),+]);
            }
        }
    };
}
pub(crate) use fails;

/// As [`fails`], for a fault that shows in some runs only: the first of ten that fails.
macro_rules! fails_at_times {
    ($name:ident: $fault:ident in $case:literal, $kind:literal, $($piece:literal),+ $(,)?) => {
        #[test]
        fn $name() {
            let run = |seed| super::report::<{ super::fault::Fault::$fault as u8 }>($case, seed);
            let mut reports = (0..10).map(run);
            let failed = reports.find(|report| !report.passed()).expect("one of ten runs to fail");
            crate::expect::expect_failure(&failed, $kind, &[$($piece),+]);
        }
    };
}
pub(crate) use fails_at_times;

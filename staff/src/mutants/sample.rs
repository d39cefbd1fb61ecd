//! Small matrices for tests.

use super::matrix::{CatchingTest, Caught, KillMatrix, LabMatrix, RightRow, Totals, WrongRow};

/// A failed run of `fail_agree_3b`.
fn failed() -> Caught {
    Caught {
        test: "fail_agree_3b".to_owned(),
        seed: "0x2".to_owned(),
        kind: "assertion".to_owned(),
        message: "expected one value".to_owned(),
        first_broken: Some("RV3".to_owned()),
    }
}

/// A wrong solution that a test caught in four runs of ten.
pub(super) fn caught(name: &str) -> WrongRow {
    let test = CatchingTest {
        test: "fail_agree_3b".to_owned(),
        runs: 10,
        failed: 4,
        kinds: vec!["assertion".to_owned()],
        cpu_seconds_to_catch: 0.25,
    };
    WrongRow { first: Some(failed()), tests: vec![test], runs: 11, ..escaped(name) }
}

/// A wrong solution that no test caught.
pub(super) fn escaped(name: &str) -> WrongRow {
    WrongRow {
        name: name.to_owned(),
        base: "reference".to_owned(),
        frozen: false,
        first: None,
        tests: Vec::new(),
        cpu_seconds_to_catch: None,
        runs: 280,
        cpu_seconds: 1.5,
    }
}

/// A right solution, which passed or failed.
pub(super) fn right(name: &str, passed: bool) -> RightRow {
    let failed = if passed { Vec::new() } else { vec![failed()] };
    RightRow { name: name.to_owned(), runs: 280, cpu_seconds: 2.0, failed }
}

/// A matrix of Raft.
pub(super) fn matrix(wrong: Vec<WrongRow>, right: Vec<RightRow>) -> KillMatrix {
    let totals = Totals::of(&wrong);
    let lab =
        LabMatrix { lab: "raft".to_owned(), build_seconds: 60.0, test_seconds: 9.5, wrong, right, totals };
    KillMatrix { labs: vec![lab], ..KillMatrix::new("build".to_owned(), 1, 10, 2) }
}

//! The demonstrations of the tests of Raft beyond Figure 2 show what they are there for.

use tester::{RunOptions, run};

use super::Export;
use super::fault::Fault;
use crate::expect::{case, expect_pass};

/// A clock that is too slow makes a read by lease stale. No solution can know, so the test passes, and says
/// it.
#[test]
fn a_lease_with_a_slow_clock_is_stale() {
    for seed in 0..3 {
        let options = RunOptions { record: true, ..RunOptions::new(seed) };
        let report = run(case("skewed_clock_3g"), &Export::<{ Fault::None as u8 }>::SOLUTION, &options);
        expect_pass(&report);
        let told = report.log.iter().any(|line| line.contains("stale read: server "));
        assert!(told, "seed {seed}: no read was stale");
    }
}

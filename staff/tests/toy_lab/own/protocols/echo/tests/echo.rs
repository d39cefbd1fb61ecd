//! The tests of the toy lab: `cargo test e1`.

use std::process::ExitCode;

use labapi::Solution;

fn main() -> ExitCode {
    tester::cargo_tests("echo", Solution::new("own").with(&[("echo", &echo::SOLUTION)]))
}

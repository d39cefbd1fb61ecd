//! The command line `lab`, with TiKV's library as the solution. Lab 4 is the reference's, on that library.

use std::process::ExitCode;

use labapi::Solution;

const SOLUTIONS: &[Solution] = &[tikv::SOLUTION.with(&[("kvraft", &kvraft::SOLUTION)])];

fn main() -> ExitCode {
    lab::Lab { solutions: SOLUTIONS, run: tester::run }.main()
}

//! Takes the evidence of all runs of a right solution, of which a grading takes a sample:
//!
//!     cargo run --release -p staff --example evidence -- PROGRAM SOLUTION RUNS [TEST…]
//!
//! PROGRAM is a command line with the solution, such as `target/release/staff` with `reference`. The exit
//! status is 0 if there is evidence of all runs that pass.

use std::path::Path;
use std::process::ExitCode;

use staff::mutants::evidence::refused_of;
use tester::filter::{Selection, select};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [program, solution, runs, wanted @ ..] = &*args else {
        eprintln!("usage: evidence PROGRAM SOLUTION RUNS [TEST…]");
        return ExitCode::from(2);
    };
    let Ok(runs) = runs.parse() else {
        eprintln!("RUNS is no number: {runs}");
        return ExitCode::from(2);
    };
    let tests = match select(Selection { filters: wanted, skip: &[], exact: false }) {
        Ok(tests) => tests,
        Err(cause) => {
            eprintln!("{cause}");
            return ExitCode::from(2);
        }
    };
    let jobs = std::thread::available_parallelism().map_or(1, |it| u32::try_from(it.get()).unwrap_or(1));
    match refused_of(Path::new(program), solution, tests, runs, jobs) {
        Ok((passed, refused)) => {
            println!("{solution}: {passed} runs passed, and {} tests have no evidence", refused.len());
            refused.iter().for_each(|it| println!("    {it}"));
            ExitCode::from(u8::from(!refused.is_empty()))
        }
        Err(cause) => {
            eprintln!("{cause}");
            ExitCode::from(2)
        }
    }
}

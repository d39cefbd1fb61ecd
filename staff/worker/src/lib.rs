//! The program that runs a submission's code: a worker with the submission's crates linked in, and no other
//! command.
//!
//! `worker` carries out runs for the process at the other end of its standard input. `confined-worker` first
//! confines the threads that run lab code, see `confine`.

#![warn(missing_docs)]

mod confine;

use std::process::ExitCode;

use lab::args::Stop;
use lab::error::CommandError;
use lab::run::worker::{serve, serve_after};
use lab::{Lab, finish};
use labapi::Solution;

/// Serves the parent with these solutions, as the process's first argument says; see [`finish`] for the exit
/// status.
#[must_use]
pub fn main(solutions: &'static [Solution]) -> ExitCode {
    let lab = Lab { solutions, run: tester::run };
    let served = match std::env::args().nth(1).as_deref() {
        Some("worker") => serve(&lab),
        Some("confined-worker") => serve_after(&lab, |connection| {
            confine::confine_simulations(connection)
                .map_err(|cause| CommandError::new(format!("a worker cannot confine its runs: {cause}")))
        }),
        _ => Err(CommandError::new("this program is a worker of `lab grade`, which starts it")),
    };
    finish(served.map_err(Stop::Refused))
}

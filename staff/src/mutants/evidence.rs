//! [`refused_of`]: right solutions whose evidence a grading would refuse.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lab::error::CommandError;
use lab::run::{Settings, Starter};
use tester::Case;

use crate::grade::evidence::of_all;

/// The limit on a run's CPU time, as for `lab grade`.
const WALL_LIMIT: Duration = Duration::from_secs(60);

/// Takes the evidence of all runs of a solution that pass, over the seeds from 1 on. `program` is a command
/// line with this solution. Returns the number of runs that passed, and a message for each test of which a
/// run has no evidence. Of a right solution there must be none.
///
/// # Errors
///
/// The program cannot be started, or there is no room for events.
pub fn refused_of(
    program: &Path,
    solution: &str,
    tests: Vec<&'static Case>,
    runs: u32,
    jobs: u32,
) -> Result<(usize, Vec<String>), CommandError> {
    let program = program.to_owned();
    let starter = Starter::new(move || {
        let mut command = Command::new(&program);
        command.arg("worker");
        Ok(command)
    });
    // A command runs some dozen solutions and then ends.
    let solution = solution.to_owned().leak();
    let settings = Settings::untrusted(solution, starter, jobs, WALL_LIMIT);
    let all = of_all(settings, tests, runs, 1)?;
    Ok((all.passed, all.refused.into_iter().map(|(test, why)| format!("{test}: {why}")).collect()))
}

//! The file of all failures of the last `lab test`, for `lab replay --from`: one per line.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use labreport::shell;
use tester::replay::{Replay, last_failure_file};
use tester::workspace::WorkspaceError;

use crate::error::CommandError;
use crate::report::terminal::{Terminal, count};

/// Failures that are saved at most.
const MAX_SAVED: usize = 10_000;

/// The file: `lab/failures.jsonl` in the target folder.
fn file() -> Result<PathBuf, WorkspaceError> {
    Ok(last_failure_file()?.with_file_name("failures.jsonl"))
}

/// Saves the failures, in place of those of the last command.
pub(crate) fn save(failures: impl Iterator<Item = Replay>) -> io::Result<()> {
    let failures: Vec<Replay> = failures.take(MAX_SAVED).collect();
    let file = file().map_err(io::Error::other)?;
    write(&file, &failures)
}

/// Saves the failures, and prints where they are if there are several.
pub(crate) fn save_and_report(failures: impl Iterator<Item = Replay>, terminal: &Terminal) {
    let mut number = 0;
    let saved = save(failures.inspect(|_| number += 1));
    let file = match file() {
        Ok(file) => file,
        Err(cause) => return terminal.line(&format!("warning: the failures are not saved: {cause}")),
    };
    if let Err(cause) = saved {
        terminal.line(&format!("warning: the failures are not saved in {}: {cause}", file.display()));
    } else if number > 1 {
        terminal.line(&format!(
            "{} in {}; `cargo lab replay --from {} --number N` shows the Nth",
            count(number, "failure"),
            file.display(),
            shell::word(&file)
        ));
    }
}

fn write(file: &Path, failures: &[Replay]) -> io::Result<()> {
    let folder = file.parent().expect("the file is in a folder");
    fs::create_dir_all(folder)?;
    // Atomically: another process may be reading the old ones.
    let draft = folder.join(format!(".failures-{}.jsonl", std::process::id()));
    let mut text = Vec::new();
    for failure in failures {
        text.extend(failure.to_json().as_bytes());
        text.push(b'\n');
    }
    fs::File::create(&draft)?.write_all(&text)?;
    fs::rename(&draft, file)
}

/// The failure of this number in the file, counted from 1.
pub(crate) fn load(file: &Path, number: usize) -> Result<Replay, CommandError> {
    let unreadable =
        |cause: &dyn std::fmt::Display| CommandError::new(format!("cannot read {}: {cause}", file.display()));
    let lines = BufReader::new(fs::File::open(file).map_err(|cause| unreadable(&cause))?).lines();
    let mut failures = 0;
    for line in lines {
        let line = line.map_err(|cause| unreadable(&cause))?;
        if line.trim().is_empty() {
            continue;
        }
        failures += 1;
        if failures == number {
            return Replay::from_json(&line)
                .map_err(|cause| unreadable(&format!("failure {number} is malformed: {cause}")));
        }
    }
    let there = match failures {
        0 => "no failure".to_owned(),
        failures => format!("{}; give --number 1 to {failures}", count(failures as u64, "failure")),
    };
    Err(CommandError::new(format!("there is no failure {number} in {}, which has {there}", file.display())))
}

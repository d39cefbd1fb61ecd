//! The tests notice Rafts that are wrong on purpose: each file of `wrong-rafts` is applied to a copy of the workspace,
//! and the tests that it names must fail as it says, and fail again when they are replayed.
//!
//! `cargo test -p grader --test wrong_rafts [NAME]`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use grader::{CaughtBy, Scratch, WrongRaft};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let grader = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = grader.parent().expect("the grader is a folder of the workspace").to_owned();
    let all = WrongRaft::load_all(&grader.join("wrong-rafts")).expect("readable files");
    assert!(!all.is_empty(), "there are wrong Rafts to try");

    // Made by the first trial, so that `--list` copies nothing.
    let scratch = Arc::new(Mutex::new(None));
    let trials = all.into_iter().map(|wrong| {
        let (scratch, workspace) = (scratch.clone(), workspace.clone());
        Trial::test(wrong.name.clone(), move || {
            let mut scratch = scratch.lock().map_err(|_| "an earlier trial panicked")?;
            let scratch = match &mut *scratch {
                Some(scratch) => scratch,
                none => none.insert(Scratch::new(&workspace, &folder(&workspace))?),
            };
            is_caught(scratch, &wrong)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Where the copy is kept, so that only the edited crate is compiled again.
fn folder(workspace: &Path) -> PathBuf {
    workspace.join("target/wrong-rafts")
}

fn is_caught(scratch: &Scratch, wrong: &WrongRaft) -> Result<(), Failed> {
    scratch.apply(wrong)?;
    scratch.build()?;
    if wrong.caught_by.is_empty() {
        return Err("the file names no test that notices".into());
    }
    for caught_by in &wrong.caught_by {
        let seed = first_failure(scratch, wrong, caught_by)?;
        replays(scratch, &caught_by.test, &seed)?;
    }
    Ok(())
}

/// The seed of a failure of the right kind.
fn first_failure(scratch: &Scratch, wrong: &WrongRaft, caught_by: &CaughtBy) -> Result<String, Failed> {
    let CaughtBy { test, within } = caught_by;
    let json = scratch.folder().join("target/results.json");
    let json_path = json.to_str().ok_or("the workspace is in a folder whose name is not text")?;
    let runs = within.to_string();
    let args = ["test", test, "--runs", &runs, "--seed", "1", "--fail-fast", "--json", json_path];
    let (status, printed) = scratch.lab(&args)?;
    if status.code() != Some(1) {
        return Err(format!("{test} noticed nothing in {within} runs ({status}):\n{printed}").into());
    }
    let results: serde_json::Value = serde_json::from_slice(&std::fs::read(&json)?)?;
    let failure = &results["tests"][0]["failures"][0];
    if failure["kind"] != wrong.kind.as_str() {
        return Err(format!("expected a failure of kind {}, saw {failure}", wrong.kind).into());
    }
    let seed = failure["seed"].as_str().ok_or("a failure has a seed")?;
    let line = format!("cargo lab replay {test} --seed {seed}");
    if !printed.contains(&line) {
        return Err(format!("expected the line `{line}` in:\n{printed}").into());
    }
    Ok(seed.to_owned())
}

/// The replay line that was printed shows the same run again.
fn replays(scratch: &Scratch, test: &str, seed: &str) -> Result<(), Failed> {
    let (status, printed) = scratch.lab(&["replay", test, "--seed", seed])?;
    if status.code() != Some(1) || !printed.contains("reproduced") {
        return Err(
            format!("expected {test} with seed {seed} to be reproduced ({status}):\n{printed}").into()
        );
    }
    Ok(())
}

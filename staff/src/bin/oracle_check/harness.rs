//! [`Harness`]: the tester's own tests, built with switches, and their results while one switch is off.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};
use std::{fmt, fs, thread};

use staff::copy_workspace;

use crate::Problem;
use crate::switches::{File, Switch};

/// The module that instrumented files call.
const SWITCH: &str = include_str!("switch.rs");

/// Real time after which a test process is killed: without an assertion some tests may not end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Number of tests that run in one process, the fastest first.
const BATCH: usize = 8;

/// The tester's own tests.
pub struct Harness {
    /// The tests, the fastest first.
    tests: Vec<Test>,
    /// The working directory of the tests.
    folder: PathBuf,
}

/// A test, and its behaviour while nothing is switched off.
struct Test {
    program: PathBuf,
    name: String,
    time: Duration,
    /// The sites that the test reaches: numbers, and `file:line` of checks.
    reaches: HashSet<String>,
    failed: bool,
}

/// The result of the tests while something is switched off.
#[derive(Debug, PartialEq, Eq)]
pub enum Noticed {
    /// No test reaches the site.
    Unreached,
    /// This many tests reach the site, and all pass.
    Survives(usize),
    /// This test fails. After the first failure no other test is run.
    Failed(String),
}

impl Noticed {
    /// Whether a test fails.
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl fmt::Display for Noticed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreached => f.write_str("no test reaches it"),
            Self::Survives(tests) => write!(f, "no test fails: {tests} reach it and pass"),
            Self::Failed(test) => write!(f, "failed: {test}"),
        }
    }
}

impl Harness {
    /// Copies the workspace to `folder`, puts `files` into the copy's tester, builds its tests, and runs them
    /// once.
    pub fn build(workspace: &Path, folder: &Path, files: &[File], jobs: usize) -> Result<Self, Problem> {
        copy_workspace(workspace, folder).map_err(|error| error.to_string())?;
        let tester = folder.join("tester");
        for (name, text) in files {
            let text = if name == "src/lib.rs" { format!("{text}\nmod switch;\n") } else { text.clone() };
            write(&tester.join(name), &text)?;
        }
        write(&tester.join("src/switch.rs"), SWITCH)?;

        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["test", "--package", "tester", "--lib", "--tests", "--no-run", "--message-format=json"])
            .env("CARGO_TERM_COLOR", "never")
            .env_remove("CARGO_TARGET_DIR")
            .current_dir(folder)
            .output()
            .map_err(|error| format!("cargo cannot be started: {error}"))?;
        let messages = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!(
                "the tester with switches does not build:\n{}",
                errors(&messages, &output.stderr)
            ));
        }
        let programs: Vec<PathBuf> = json_lines(&messages)
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .collect();
        if programs.len() < 2 {
            return Err(format!("expected unit tests and a harness; cargo built {programs:?}"));
        }
        let mut harness = Self { tests: Vec::new(), folder: tester };
        harness.explore(&programs, jobs)?;
        Ok(harness)
    }

    /// Runs each test by itself with everything switched on, `jobs` in parallel, to record the sites that it
    /// reaches.
    fn explore(&mut self, programs: &[PathBuf], jobs: usize) -> Result<(), Problem> {
        let mut names = Vec::new();
        for program in programs {
            let output = Command::new(program).arg("--list").output().map_err(|error| error.to_string())?;
            let list = String::from_utf8_lossy(&output.stdout).into_owned();
            let tests = list.lines().filter_map(|line| line.strip_suffix(": test"));
            names.extend(tests.map(|name| (program, name.to_owned())));
        }
        let names: Vec<_> = names.iter().collect();
        let tests = side_by_side(&names, jobs, |(program, name)| self.explore_one(program, name));
        self.tests = tests.into_iter().collect::<Result<_, _>>()?;
        self.tests.sort_by_key(|test| test.time);
        match self.tests.iter().find(|test| test.failed) {
            None => Ok(()),
            Some(test) => Err(format!("{} fails with nothing switched off", test.name)),
        }
    }

    fn explore_one(&self, program: &Path, name: &str) -> Result<Test, Problem> {
        let file = tempfile::NamedTempFile::new().map_err(|error| format!("a file for notes: {error}"))?;
        let began = Instant::now();
        let failed = self.run(program, &[name], &[("ORACLE_CHECK_REACHED", file.path().as_os_str())])?;
        let time = began.elapsed();
        let notes = fs::read_to_string(file.path()).map_err(|error| format!("the notes: {error}"))?;
        let reaches = notes.lines().map(ToOwned::to_owned).collect();
        Ok(Test {
            program: program.to_owned(),
            name: name.to_owned(),
            time,
            reaches,
            failed: failed.is_some(),
        })
    }

    /// The first test that fails while `switch` is off. Tests that do not reach the site are not run.
    pub fn try_without(&self, switch: &Switch) -> Result<Noticed, Problem> {
        let sites = switch.site_ids();
        let reaching: Vec<&Test> =
            self.tests.iter().filter(|test| sites.iter().any(|site| test.reaches.contains(site))).collect();
        if reaching.is_empty() {
            return Ok(Noticed::Unreached);
        }
        let variable = if switch.numbers.is_empty() { "ORACLE_CHECK_OFF_AT" } else { "ORACLE_CHECK_OFF" };
        let value = OsString::from(sites.join(","));
        for batch in reaching.chunks(BATCH) {
            let mut programs: Vec<&Path> = batch.iter().map(|test| test.program.as_path()).collect();
            programs.sort();
            programs.dedup();
            for program in programs {
                let names =
                    batch.iter().filter(|test| test.program == program).map(|test| test.name.as_str());
                if let Some(failed) = self.run(program, &names.collect::<Vec<_>>(), &[(variable, &value)])? {
                    return Ok(Noticed::Failed(failed));
                }
            }
        }
        Ok(Noticed::Survives(reaching.len()))
    }

    /// Runs tests until one fails; returns its name.
    fn run(
        &self,
        program: &Path,
        tests: &[&str],
        variables: &[(&str, &OsStr)],
    ) -> Result<Option<String>, Problem> {
        let mut command = Command::new(program);
        // As many processes as are wanted run in parallel already.
        command.args(["--test-threads=1", "--exact"]).args(tests).current_dir(&self.folder).env("CI", "1");
        for variable in ["LAB_SEED", "LAB_RUNS", "LAB_BACKEND"] {
            command.env_remove(variable);
        }
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let cannot = |error| format!("{}: {error}", program.display());
        let mut child = command.spawn().map_err(cannot)?;
        let printed = child.stdout.take().ok_or("a pipe was asked for")?;
        let (sender, receiver) = mpsc::channel();
        // The thread ends with the child.
        thread::spawn(move || sender.send(first_failed(BufReader::new(printed))));
        let failed = receiver.recv_timeout(PATIENCE);
        let all = tests.join(", ");
        if let Ok(None) = failed {
            let passed = child.wait().map_err(cannot)?.success();
            return Ok((!passed).then(|| format!("one of {all} (the process died)")));
        }
        // The other tests cannot change the result.
        child.kill().and_then(|()| child.wait()).map_err(cannot)?;
        let no_end = || format!("one of {all} (no end within {} s)", PATIENCE.as_secs());
        Ok(Some(failed.ok().flatten().unwrap_or_else(no_end)))
    }
}

/// Runs `task` for each item, `jobs` in parallel, and returns the results in the order of the items.
pub fn side_by_side<T: Sync, R: Send>(items: &[&T], jobs: usize, task: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let answers: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((item, answer)) = {
                    let position = next.fetch_add(1, Ordering::Relaxed);
                    items.get(position).zip(answers.get(position))
                } {
                    let done = task(item);
                    *answer.lock().expect("nobody panics with it") = Some(done);
                }
            });
        }
    });
    let done = |answer: Mutex<Option<R>>| answer.into_inner().expect("nobody panics with it");
    answers.into_iter().map(|answer| done(answer).expect("each was done")).collect()
}

/// The first test that libtest reports as failed. Reads no further.
fn first_failed(printed: impl BufRead) -> Option<String> {
    let mut lines = printed.split(b'\n').map_while(Result::ok);
    lines.find_map(|line| {
        let line = String::from_utf8_lossy(&line);
        let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
        Some(name.trim_end_matches(" - should panic").to_owned())
    })
}

/// The errors of the compiler, without its warnings.
fn errors(messages: &str, stderr: &[u8]) -> String {
    let mut text: String = json_lines(messages)
        .filter(|message| message["message"]["level"] == "error")
        .filter_map(|message| message["message"]["rendered"].as_str().map(ToOwned::to_owned))
        .collect();
    if text.is_empty() {
        text = String::from_utf8_lossy(stderr).into_owned();
    }
    text
}

fn json_lines(text: &str) -> impl Iterator<Item = serde_json::Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// Writes a file unless it is the same already, so that cargo does not compile it again.
fn write(path: &Path, text: &str) -> Result<(), Problem> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failed_test_is_found_in_the_output_of_libtest() {
        let printed =
            "\nrunning 3 tests\ntest one ... ok\ntest two - should panic ... FAILED\ntest three ... FAILED\n";
        assert_eq!(first_failed(printed.as_bytes()), Some("two".to_owned()));
        assert_eq!(first_failed("test one ... ok\n\ntest result: FAILED. 1 passed\n".as_bytes()), None);
    }
}

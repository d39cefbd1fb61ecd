//! [`Built`]: the result of building a submission's crates.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::artifacts::libraries;
use super::diagnostics::errors_by_crate;
use super::program::{OBJECT, PACKAGE};
use super::tasks::tasks;
use super::told::{self, PathNames};
use super::{Base, BuildError, Toolchain, Workspace, file_error, stop};
use crate::sandbox::{Build, LAUNCH_FAILED, Limits, Printed, Profile, Sandbox, SandboxError, read_bounded};

/// The limit on the real time of a build. The reference takes some seconds.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// The limit for the framework with all its dependencies, on a busy machine.
const TIME_LIMIT_OF_BASE: Duration = Duration::from_secs(3600);

/// Bytes of cargo's output that are kept.
const KEPT: usize = 8 << 20;

/// Bytes of the compiler's output about a crate that are kept.
const KEPT_OF_A_CRATE: usize = 16 << 10;

/// The message for a build whose output was truncated: it is unknown then what was built.
const TOO_MUCH: &str = "the compiler had more to say than is read, such as warnings without end";

/// The environment variables of a build, in the sandbox or not.
const ENVIRONMENT: [&str; 3] = ["PATH", "CARGO_HOME", "RUSTUP_HOME"];

/// The confinement of untrusted code.
#[derive(Clone, Copy, Debug)]
pub enum Confined<'a> {
    /// In this sandbox.
    By(&'a Sandbox),
    /// Not at all.
    Not,
}

/// The result of building a submission's crates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// The command line was built without these crates, for which there is the compiler's output. An empty
    /// map means that all crates build.
    Without(BTreeMap<&'static str, String>),
    /// No crate of the submission builds.
    Nothing(BTreeMap<&'static str, String>),
    /// The build ended for a reason that concerns no single crate, given here.
    Stopped(String),
}

impl Workspace {
    /// Builds the command line. A crate that does not build is left out, so that the others can run.
    ///
    /// # Errors
    ///
    /// The build cannot be started, or a file cannot be written. A submission cannot cause an error.
    pub fn build(&mut self, base: &Base, confined: Confined<'_>, jobs: u32) -> Result<Built, BuildError> {
        self.build_until(base, confined, jobs, None)
    }

    /// As [`Workspace::build`], stopped at `until` at the latest, and in any case after five minutes.
    ///
    /// # Errors
    ///
    /// As [`Workspace::build`].
    pub fn build_until(
        &mut self,
        base: &Base,
        confined: Confined<'_>,
        jobs: u32,
        until: Option<Instant>,
    ) -> Result<Built, BuildError> {
        let path_names = PathNames::new(base, self);
        let mut failed = BTreeMap::new();
        for name in self.crates_without_lib_rs() {
            failed.insert(name, format!("error: there is no {name}/src/lib.rs\n"));
            self.exclude(name)?;
        }
        loop {
            if self.crates().is_empty() && !failed.is_empty() {
                return Ok(Built::Nothing(failed));
            }
            let attempt = cargo(self, base.toolchain(), Some(base), confined, jobs, until)?;
            if attempt.succeeded() {
                let is_whole = self.set_libraries(libraries(&attempt.messages, &self.sources()));
                return Ok(if is_whole {
                    Built::Without(failed)
                } else {
                    Built::Stopped(TOO_MUCH.to_owned())
                });
            }
            let errors = errors_by_crate(&attempt.messages, &self.sources());
            let new: Vec<_> = errors.into_iter().filter(|(name, _)| self.crates().contains(name)).collect();
            if new.is_empty() {
                return Ok(Built::Stopped(attempt.in_words(&path_names)));
            }
            for (name, text) in new {
                self.exclude(name)?;
                failed.insert(name, beginning(&path_names.apply(&text), KEPT_OF_A_CRATE));
            }
        }
    }
}

/// Builds the dependencies of submissions.
pub(super) fn template(template: &Workspace, toolchain: &Toolchain) -> Result<(), BuildError> {
    let jobs = thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    let attempt = cargo(template, toolchain, None, Confined::Not, jobs, None)?;
    if attempt.succeeded() {
        return Ok(());
    }
    let mut stderr = attempt.stderr;
    if matches!(attempt.end, End::TimeUp(_)) {
        writeln!(stderr, "it had not ended after {} s", TIME_LIMIT_OF_BASE.as_secs())
            .expect("a string takes any text");
    }
    for line in attempt.messages.split(|&byte| byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        if line["message"]["level"] == "error" {
            write!(stderr, "{}", line["message"]["rendered"].as_str().unwrap_or_default())
                .expect("a string takes any text");
        }
    }
    Err(BuildError::Framework(stderr))
}

/// The way a call of cargo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It exited.
    Status(ExitStatus),
    /// It exceeded this time limit.
    TimeUp(Duration),
    /// [`stop_all`](super::stop_all) was called.
    Stopped,
    /// It had too many threads and processes.
    TooMany,
}

/// A finished call of cargo.
struct Attempt {
    end: End,
    messages: Vec<u8>,
    stderr: String,
}

impl Attempt {
    fn succeeded(&self) -> bool {
        matches!(self.end, End::Status(status) if status.success())
    }

    /// The reason why there is no program, without text that differs between gradings.
    fn in_words(&self, path_names: &PathNames) -> String {
        let status = match self.end {
            End::Status(status) => status,
            End::TimeUp(limit) => return format!("the build had not ended after {} s", limit.as_secs()),
            End::Stopped => return "the grading was stopped".to_owned(),
            End::TooMany => return "the build had too many threads and processes".to_owned(),
        };
        if let Some(signal) = status.signal() {
            return format!("the build was ended by signal {signal}");
        }
        let stderr = path_names.apply(&told::of_cargo(&self.stderr));
        format!("the build failed:\n{}", beginning(&stderr, KEPT_OF_A_CRATE))
    }
}

/// Runs cargo to build the command line.
fn cargo(
    workspace: &Workspace,
    toolchain: &Toolchain,
    base: Option<&Base>,
    confined: Confined<'_>,
    jobs: u32,
    until: Option<Instant>,
) -> Result<Attempt, BuildError> {
    let (sources, target) = (workspace.sources(), workspace.target());
    std::fs::create_dir_all(&target).map_err(file_error(&target))?;
    let mut command = match confined {
        Confined::By(sandbox) => {
            let build = Build {
                toolchain: toolchain.folder.clone(),
                cargo_home: toolchain.cargo_home.clone(),
                workspace: sources.clone(),
                target: target.clone(),
            };
            let mut profile = Profile::build(&build);
            profile.readable.extend(base.map(Base::framework));
            profile.readable.extend(configurations_above(&sources));
            sandbox.command(&profile, &toolchain.cargo())?
        }
        Confined::Not => {
            let mut command = Command::new(toolchain.cargo());
            // A process group, so that all processes can be killed at once.
            command.env_clear().current_dir(&sources).process_group(0);
            command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
            command
        }
    };
    command.args(["rustc", "--release", "--offline", "--quiet", "--keep-going", "--message-format=json"]);
    // The libraries stay where the compiler puts them, each beside the list of files that it read.
    command.args(["--package", PACKAGE, "--bin", "lab"]);
    // Only the template's lock file is written by cargo; all others are copies of it.
    command.args(base.map(|_| "--locked"));
    command.args(["--jobs", &jobs.to_string(), "--target-dir"]).arg(&target);
    command.arg("--").arg(format!("--emit=obj={OBJECT}"));
    command.env("CARGO_HOME", &toolchain.cargo_home).env("RUSTC", toolchain.rustc());
    command.env("CARGO_TERM_COLOR", "never").env("CARGO_INCREMENTAL", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let limit = if base.is_some() { TIME_LIMIT } else { TIME_LIMIT_OF_BASE };
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let limit = left.map_or(limit, |left| limit.min(left));
    let most = matches!(confined, Confined::By(_)).then(|| Limits::build().processes);
    let attempt = watch(command.spawn().map_err(|error| cannot_run(toolchain, &error))?, limit, most);
    let attempt = attempt.map_err(|error| cannot_run(toolchain, &error))?;
    let code = if let End::Status(status) = attempt.end { status.code() } else { None };
    if matches!(confined, Confined::By(_)) && code == Some(LAUNCH_FAILED) {
        // Cargo has no such exit status, and no code of the submission runs while it is built.
        return Err(SandboxError::Launcher(attempt.stderr.trim().to_owned()).into());
    }
    Ok(attempt)
}

fn cannot_run(toolchain: &Toolchain, error: &std::io::Error) -> BuildError {
    BuildError::Run { program: toolchain.cargo().display().to_string(), why: error.to_string() }
}

type Reader<'a> = thread::ScopedJoinHandle<'a, Option<std::io::Result<Printed>>>;

/// Waits for the child to exit, or kills it at the limit, on request, or when it has more than `most` threads
/// and processes.
fn watch(mut child: Child, limit: Duration, most: Option<u64>) -> std::io::Result<Attempt> {
    /// The intervals between two checks for the exit, and between two counts, which take longer.
    const LOOK: Duration = Duration::from_millis(5);
    const COUNT: Duration = Duration::from_millis(50);

    let (messages, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let messages = scope.spawn(|| messages.map(|pipe| read_bounded(pipe, KEPT)));
        let stderr = scope.spawn(|| stderr.map(|pipe| read_bounded(pipe, KEPT)));
        let begin = Instant::now();
        let mut counted = begin;
        let end = loop {
            if let Some(status) = child.try_wait()? {
                break End::Status(status);
            }
            if begin.elapsed() > limit {
                break End::TimeUp(limit);
            }
            if stop::is_requested() {
                break End::Stopped;
            }
            if most.is_some() && counted.elapsed() > COUNT {
                if most < Some(tasks(child.id())) {
                    break End::TooMany;
                }
                counted = Instant::now();
            }
            thread::sleep(LOOK);
        };
        if !matches!(end, End::Status(_)) {
            kill_group(&child);
            child.kill()?;
            child.wait()?;
        }
        // A reader that panicked has read nothing.
        let read = |reader: Reader<'_>| {
            let printed = reader.join().ok().flatten().transpose();
            printed.map(|printed| printed.map(|printed| printed.bytes).unwrap_or_default())
        };
        let (messages, stderr) = (read(messages)?, read(stderr)?);
        Ok(Attempt { end, messages, stderr: String::from_utf8_lossy(&stderr).into_owned() })
    })
}

fn kill_group(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // The group may have ended already.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// The configuration files of cargo in the folder and all folders above it: cargo reads them.
fn configurations_above(folder: &Path) -> Vec<PathBuf> {
    let files = ["config.toml", "config"].map(|name| Path::new(".cargo").join(name));
    let above = folder.ancestors().flat_map(|above| files.iter().map(move |file| above.join(file)));
    above.filter(|path| path.is_file()).collect()
}

/// The beginning of the text, up to a line break near `most` bytes.
fn beginning(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.as_bytes()[..most].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    format!("{}... ({} bytes more)\n", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(script: &str, limit: Duration, most: u64) -> End {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).process_group(0);
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        watch(shell.spawn().unwrap(), limit, Some(most)).unwrap().end
    }

    #[test]
    fn a_process_over_its_time_or_process_limit_is_killed() {
        const LONG: Duration = Duration::from_secs(100);
        let many = "for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; wait";
        assert_eq!(watched(many, LONG, 5), End::TooMany);
        let short = Duration::from_millis(100);
        assert_eq!(watched("sleep 100", short, 5), End::TimeUp(short));
        assert!(matches!(watched("sleep 0.1", LONG, 5), End::Status(status) if status.success()));
    }
}

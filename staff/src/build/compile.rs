//! [`Built`]: what became of a submission's crates.

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
use super::told::{self, Places};
use super::{Base, BuildError, Toolchain, Workspace, file_error, stop};
use crate::sandbox::{Build, LAUNCH_FAILED, Limits, Printed, Profile, Sandbox, SandboxError, read_bounded};

/// Real time that a build may take. The reference takes some seconds.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// The same for the framework with all its dependencies, on a machine that is busy.
const TIME_LIMIT_OF_BASE: Duration = Duration::from_secs(3600);

/// How much is kept of what cargo prints.
const KEPT: usize = 8 << 20;

/// How much is kept of the compiler's words about a crate.
const KEPT_OF_A_CRATE: usize = 16 << 10;

/// What is said of a build of which not all was kept: it is not known then what was built.
const TOO_MUCH: &str = "the compiler had more to say than is read, such as warnings without end";

/// The variables that a build gets, in the sandbox or not.
const ENVIRONMENT: [&str; 3] = ["PATH", "CARGO_HOME", "RUSTUP_HOME"];

/// Whether code that is not trusted is confined.
#[derive(Clone, Copy, Debug)]
pub enum Confined<'a> {
    /// In this sandbox.
    By(&'a Sandbox),
    /// Not at all.
    Not,
}

/// What became of a submission's crates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// There is a command line, with all crates but those that are named here with what the compiler said of
    /// them.
    Without(BTreeMap<&'static str, String>),
    /// No crate of the submission builds.
    Nothing(BTreeMap<&'static str, String>),
    /// The build ended in a way that has nothing to do with a crate by itself, which is told.
    Stopped(String),
}

impl Workspace {
    /// Builds the command line. A crate that does not build is left out, so that the others can be run.
    ///
    /// # Errors
    ///
    /// The build cannot be started, or a file cannot be written. Whatever a submission does is no error.
    pub fn build(&mut self, base: &Base, confined: Confined<'_>, jobs: u32) -> Result<Built, BuildError> {
        self.build_until(base, confined, jobs, None)
    }

    /// The same, but the build is stopped at that time. It is never given more than five minutes.
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
        let places = Places::new(base, self);
        let mut failed = BTreeMap::new();
        for name in self.headless() {
            failed.insert(name, format!("error: there is no {name}/src/lib.rs\n"));
            self.give_up(name)?;
        }
        loop {
            if self.crates().is_empty() && !failed.is_empty() {
                return Ok(Built::Nothing(failed));
            }
            let attempt = cargo(self, base.toolchain(), Some(base), confined, jobs, until)?;
            if attempt.succeeded() {
                let is_whole = self.made(libraries(&attempt.messages, &self.sources()));
                return Ok(if is_whole {
                    Built::Without(failed)
                } else {
                    Built::Stopped(TOO_MUCH.to_owned())
                });
            }
            let errors = errors_by_crate(&attempt.messages, &self.sources());
            let new: Vec<_> = errors.into_iter().filter(|(name, _)| self.crates().contains(name)).collect();
            if new.is_empty() {
                return Ok(Built::Stopped(attempt.in_words(&places)));
            }
            for (name, said) in new {
                self.give_up(name)?;
                failed.insert(name, beginning(&places.without(&said), KEPT_OF_A_CRATE));
            }
        }
    }
}

/// Builds what submissions depend on.
pub(super) fn template(template: &Workspace, toolchain: &Toolchain) -> Result<(), BuildError> {
    let jobs = thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    let attempt = cargo(template, toolchain, None, Confined::Not, jobs, None)?;
    if attempt.succeeded() {
        return Ok(());
    }
    let mut said = attempt.said;
    if matches!(attempt.end, End::TimeUp(_)) {
        writeln!(said, "it had not ended after {} s", TIME_LIMIT_OF_BASE.as_secs())
            .expect("a string takes any text");
    }
    for line in attempt.messages.split(|&byte| byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        if line["message"]["level"] == "error" {
            write!(said, "{}", line["message"]["rendered"].as_str().unwrap_or_default())
                .expect("a string takes any text");
        }
    }
    Err(BuildError::Framework(said))
}

/// How a call of cargo came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By itself.
    Status(ExitStatus),
    /// Its time was up: so much.
    TimeUp(Duration),
    /// [`stop_all`](super::stop_all) was called.
    Asked,
    /// It had too many threads and processes.
    TooMany,
}

/// A call of cargo that is over.
struct Attempt {
    end: End,
    messages: Vec<u8>,
    said: String,
}

impl Attempt {
    fn succeeded(&self) -> bool {
        matches!(self.end, End::Status(status) if status.success())
    }

    /// Why there is no program, without what differs from one grading to the next.
    fn in_words(&self, places: &Places) -> String {
        let status = match self.end {
            End::Status(status) => status,
            End::TimeUp(limit) => return format!("the build had not ended after {} s", limit.as_secs()),
            End::Asked => return "the grading was stopped".to_owned(),
            End::TooMany => return "the build had too many threads and processes".to_owned(),
        };
        if let Some(signal) = status.signal() {
            return format!("the build was ended by signal {signal}");
        }
        let said = places.without(&told::of_cargo(&self.said));
        format!("the build failed:\n{}", beginning(&said, KEPT_OF_A_CRATE))
    }
}

/// Calls cargo for the command line.
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
            // So that all of it can be ended at once.
            command.env_clear().current_dir(&sources).process_group(0);
            command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
            command
        }
    };
    command.args(["rustc", "--release", "--offline", "--quiet", "--keep-going", "--message-format=json"]);
    // What is not asked for by name stays where the compiler put it, beside the list of files that it read.
    command.args(["--package", PACKAGE, "--bin", "lab"]);
    // The template's lock file is made; all others are copies of it.
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
        // Cargo has no such status, and nothing of the submission is run while it is built.
        return Err(SandboxError::Launcher(attempt.said.trim().to_owned()).into());
    }
    Ok(attempt)
}

fn cannot_run(toolchain: &Toolchain, error: &std::io::Error) -> BuildError {
    BuildError::Run { program: toolchain.cargo().display().to_string(), why: error.to_string() }
}

type Reader<'a> = thread::ScopedJoinHandle<'a, Option<std::io::Result<Printed>>>;

/// Waits for the end, or makes it. With more than `most` threads and processes it ends at once.
fn watch(mut child: Child, limit: Duration, most: Option<u64>) -> std::io::Result<Attempt> {
    /// Between two looks at whether it has ended, and between two counts, which take longer.
    const LOOK: Duration = Duration::from_millis(5);
    const COUNT: Duration = Duration::from_millis(50);

    let (messages, said) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let messages = scope.spawn(|| messages.map(|pipe| read_bounded(pipe, KEPT)));
        let said = scope.spawn(|| said.map(|pipe| read_bounded(pipe, KEPT)));
        let begin = Instant::now();
        let mut counted = begin;
        let end = loop {
            if let Some(status) = child.try_wait()? {
                break End::Status(status);
            }
            if begin.elapsed() > limit {
                break End::TimeUp(limit);
            }
            if stop::is_asked_for() {
                break End::Asked;
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
        let (messages, said) = (read(messages)?, read(said)?);
        Ok(Attempt { end, messages, said: String::from_utf8_lossy(&said).into_owned() })
    })
}

fn kill_group(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It may be gone already.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// Cargo reads the configuration of all folders above, if there is one.
fn configurations_above(folder: &Path) -> Vec<PathBuf> {
    let files = ["config.toml", "config"].map(|name| Path::new(".cargo").join(name));
    let above = folder.ancestors().flat_map(|above| files.iter().map(move |file| above.join(file)));
    above.filter(|path| path.is_file()).collect()
}

/// The text up to a line near `most` bytes.
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
    fn what_lasts_too_long_or_multiplies_is_ended() {
        const LONG: Duration = Duration::from_secs(100);
        let many = "for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; wait";
        assert_eq!(watched(many, LONG, 5), End::TooMany);
        let short = Duration::from_millis(100);
        assert_eq!(watched("sleep 100", short, 5), End::TimeUp(short));
        assert!(matches!(watched("sleep 0.1", LONG, 5), End::Status(status) if status.success()));
    }
}

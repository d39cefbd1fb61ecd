//! [`BuildEnv`]: the base for building submissions, and their confinement.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{Base, Confined, Reachable};
use crate::sandbox::{Profile, Sandbox};
use labrt::world::{RUST_LOG, log_filter};

use lab::error::CommandError;
use lab::run::Starter;

/// The hidden command that confines itself and executes another program.
pub(crate) const CONFINE: &str = "confine";

/// The limit on a worker's processor time over its lifetime. The parent limits each run.
const CPU_SECONDS: u64 = 24 * 60 * 60;

pub(crate) struct BuildEnv {
    base: Base,
    /// `None` with `--no-sandbox`.
    sandbox: Option<Sandbox>,
}

impl BuildEnv {
    /// An environment with the framework and the reference of this workspace, built in `cache` or in the
    /// target folder.
    pub(crate) fn open(cache: Option<&Path>, no_sandbox: bool) -> Result<Self, CommandError> {
        let workspace = tester::workspace::find().map_err(|error| CommandError::new(error.to_string()))?;
        let sandbox = if no_sandbox { None } else { Some(sandbox()?) };
        let cache = cache.map_or_else(default_cache, |cache| Ok(cache.to_owned()))?;
        let tell = || eprintln!("building the framework once for all submissions, in {}", cache.display());
        let base = Base::prepare(workspace, &cache, &tell)
            .map_err(|error| CommandError::new(format!("cannot prepare {}: {error}", cache.display())))?;
        Ok(Self { base, sandbox })
    }

    pub(crate) fn base(&self) -> &Base {
        &self.base
    }

    pub(crate) fn confined(&self) -> Confined<'_> {
        self.sandbox.as_ref().map_or(Confined::Not, Confined::By)
    }

    /// Starts the command line of a submission as a worker.
    pub(crate) fn starter(&self, program: &Path) -> Result<Starter, CommandError> {
        let reachable = Reachable::new(program).map_err(|error| CommandError::new(error.to_string()))?;
        let sandbox = self.sandbox.clone();
        Ok(Starter::new(move || {
            let program = reachable.path();
            let mut command = match &sandbox {
                None => {
                    let mut command = Command::new(program);
                    command.env_clear();
                    command.arg("worker");
                    command
                }
                Some(sandbox) => {
                    let mut profile = Profile::run(program);
                    profile.limits.cpu_seconds = CPU_SECONDS;
                    let mut command = sandbox.command(&profile, program).map_err(std::io::Error::other)?;
                    command.arg("confined-worker");
                    command
                }
            };
            // The only environment variable that it gets: the log filter.
            command.envs(log_filter().map(|kept| (RUST_LOG, kept)));
            Ok(command)
        }))
    }
}

/// The default folder in which the framework is built.
pub(crate) fn default_cache() -> Result<PathBuf, CommandError> {
    let target = tester::workspace::target().map_err(|error| CommandError::new(error.to_string()))?;
    Ok(target.join("lab").join("grading"))
}

fn sandbox() -> Result<Sandbox, CommandError> {
    let program = std::env::current_exe()
        .map_err(|cause| CommandError::new(format!("cannot determine the path of this program: {cause}")))?;
    Sandbox::detect([program.into_os_string(), CONFINE.into()]).map_err(|error| {
        CommandError::new(format!(
            "{error}; submissions are untrusted code: `--no-sandbox` runs them with all permissions \
             of your account"
        ))
    })
}

/// Confines this process and executes a program, if it was started as a launcher.
pub(crate) fn confine_if_launcher() {
    #[cfg(target_os = "linux")]
    {
        let mut args = std::env::args_os().skip(1);
        if args.next().is_some_and(|first| first == CONFINE) {
            crate::sandbox::enter(&args.collect::<Vec<_>>());
        }
    }
}

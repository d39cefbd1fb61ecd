//! A sandbox: runs an untrusted program.
//!
//! # The threat
//!
//! A submission is untrusted code. During the build it may make the compiler read files (`include_str!`);
//! during a run it may do whatever a process can do. It may try to access the grader's files, other
//! submissions or the network, to use more than its share of the machine, or to falsify its result.
//!
//! # How a program is started
//!
//! [`Sandbox::command`] does not start the program but a launcher, which has not read a byte of the
//! submission. The launcher confines itself irrevocably, and executes the program ([`enter`]). So no unsafe
//! code is needed between `fork` and `exec`, and a failed step can be distinguished from a failed program by
//! one line and [`LAUNCH_FAILED`].
//!
//! # The layers
//!
//! | layer | what it stops |
//! | --- | --- |
//! | Landlock | opening, making, removing files, and starting programs, but those of the profile, wherever links lead; `/proc` of others; TCP, and from Linux 6.12 signals to others and abstract sockets |
//! | seccomp | sockets of any family, `ptrace`, `bpf`, `io_uring`, `mount`, `unshare`, keys, raising limits, staying behind when the parent dies. A list of what is allowed: new calls are unknown |
//! | seccomp, for a run | processes (threads are allowed), programs, signals to others, modes and owners of files |
//! | limits of the kernel | address space, processor time, threads, file sizes, open files, core files |
//! | no capabilities, no new privileges | what root may do, programs that belong to root |
//! | another user, for a run that root starts | what is left of the owner's rights; and makes the limit on threads hold |
//! | user namespace, for a run that another starts | threads are counted by themselves |
//! | process, network, IPC namespace, for a build | processes that stay, whatever happens to their parents; the network once more |
//! | death signal of the parent, closed descriptors, process group | a run without its grader; files that the grader has open |
//!
//! A run needs one process only, because it cannot create another. Only the filter of `execveat` knows the
//! address of the program's name, so the launcher can execute the program, and the program can execute
//! nothing: a wrong guess ends it with `SIGSYS`.
//!
//! A build has a supervising process. It waits for the first process of the namespace, ends as that one ends,
//! and has it killed when it is killed itself. The first process of a namespace ignores signals without a
//! handler, except for `SIGKILL`: at the limit of processor time `cargo` is ended by `SIGKILL`, and `abort`
//! ends in `SIGSEGV`. Its children behave as usual.
//!
//! # Requirements
//!
//! Linux 6.2 with Landlock and seccomp, on x86-64 or ARM64. [`Sandbox::detect`] tests all of it from inside
//! the sandbox. User namespaces are used where they are allowed; see [`Sandbox::has_namespaces`].
//!
//! # Known limits
//!
//! - A run can detect that files exist, and see their sizes, times and links, if it knows their paths; it
//!   cannot read their content or list folders.
//! - A build may change modes and times of files that belong to the same user. No code of the submission runs
//!   in it as long as there are no build scripts and no procedural macros: the grader takes `src` alone.
//! - The kernel does not limit the number of processes of a build that root starts: the caller must. Memory
//!   and processor time of a build are limited for each process, not for all together.
//! - Output into pipes is not limited: see [`read_bounded`]. The caller chooses the standard files, and the
//!   program can use them as they are open. A file given as standard output can be written.
//! - The death signal depends on the thread that started the process: when that thread ends, the process is
//!   killed.
//! - A program can itself end with [`LAUNCH_FAILED`] and a launcher's line. Whether it had started must be
//!   reported over an authenticated channel.
//! - A run can read its own data in `/proc/self`, its memory included: harness and untrusted code are one
//!   process. So a run may confine single threads further, by Landlock and seccomp, and a submission's worker
//!   does: the thread that runs lab code can use neither files nor the connection to the grader.
//! - Side channels of the processor, and bugs of the kernel.

mod error;
mod limits;
mod order;
mod output;
mod profile;

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod identity;
#[cfg(target_os = "linux")]
mod launcher;
#[cfg(target_os = "linux")]
mod lifetime;
#[cfg(target_os = "linux")]
mod probe;

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

pub use error::{SandboxError, Step};
#[cfg(target_os = "linux")]
pub use launcher::enter;
pub use limits::Limits;
pub use output::{Printed, read_bounded};
pub use profile::{Build, Profile};

use order::Order;

/// The exit status of a launcher that could not start the program; one line on its standard error gives the
/// reason.
///
/// A program can end with this status too, and print such a line. A program that must be known to have
/// started has to report it over a channel of its own.
pub const LAUNCH_FAILED: i32 = 120;

/// A sandbox that works on this machine.
#[derive(Debug, Clone)]
pub struct Sandbox {
    launcher: Vec<OsString>,
    namespaces: bool,
}

impl Sandbox {
    /// Tests the sandbox on this machine: processes are started in it and attempt forbidden operations.
    ///
    /// `launcher` is a program with its first arguments that does nothing but call [`enter`] with the
    /// arguments that follow.
    ///
    /// # Errors
    ///
    /// This machine has no sandbox, or the sandbox leaks.
    pub fn detect<I>(launcher: I) -> Result<Self, SandboxError>
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        let launcher: Vec<OsString> = launcher.into_iter().map(Into::into).collect();
        #[cfg(target_os = "linux")]
        return Self::probed(launcher);
        #[cfg(not(target_os = "linux"))]
        return Err(SandboxError::NotLinux);
    }

    #[cfg(target_os = "linux")]
    fn probed(launcher: Vec<OsString>) -> Result<Self, SandboxError> {
        let mut sandbox = Self { launcher, namespaces: true };
        let outcome = sandbox.probe();
        if let Err(SandboxError::Unavailable { step: Step::Identity, .. }) = outcome {
            sandbox.namespaces = false;
            return sandbox.probe().map(|()| sandbox);
        }
        outcome.map(|()| sandbox)
    }

    /// Attempts forbidden operations in each profile.
    #[cfg(target_os = "linux")]
    fn probe(&self) -> Result<(), SandboxError> {
        // The last absolute path is the launcher itself: programs before it, such as `setpriv`, only start
        // it.
        let is_program = |word: &OsString| Path::new(word).is_absolute();
        let missing = || SandboxError::Launcher("it must be named by its absolute path".to_owned());
        let at = self.launcher.iter().rposition(is_program).ok_or_else(missing)?;
        let program = Path::new(&self.launcher[at]);
        let run = Profile::run(program);
        let mut with_children = Profile { children: true, ..run.clone() };
        with_children.limits = Limits::build();
        for profile in [with_children, run] {
            let mut command = self.command(&profile, program)?;
            command.args(&self.launcher[at + 1..]).arg(order::PROBE);
            let output = command.stdin(std::process::Stdio::null()).output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.code() == Some(LAUNCH_FAILED) {
                return Err(unavailable(&said));
            }
            match String::from_utf8_lossy(&output.stdout).trim() {
                probe::HOLDS if output.status.success() => {}
                "" => return Err(SandboxError::Launcher(format!("{}: {}", output.status, said.trim()))),
                leaks => return Err(SandboxError::Leaks(leaks.lines().map(str::to_owned).collect())),
            }
        }
        Ok(())
    }

    /// Whether user namespaces work. Without them, a killed build may leave processes behind, and the limit
    /// on threads of an ordinary user counts all threads of that user.
    #[must_use]
    pub fn has_namespaces(&self) -> bool {
        self.namespaces
    }

    /// A command that starts `program`, given by its absolute path, in the sandbox. Arguments, variables and
    /// the three standard files can be added as usual; no other open file is inherited. The process is in a
    /// group of its own, and is killed when the thread that started it ends.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Profile`].
    pub fn command(&self, profile: &Profile, program: &Path) -> Result<Command, SandboxError> {
        let order = Order {
            profile: profile.clone(),
            parent: std::process::id(),
            namespaces: self.namespaces,
            inside: false,
        };
        let (first, rest) =
            self.launcher.split_first().ok_or_else(|| SandboxError::Launcher("it has no name".to_owned()))?;
        let mut command = Command::new(first);
        command.args(rest).arg(serde_json::to_string(&order)?).arg("--").arg(program);
        command.env_clear();
        command.envs(profile.environment.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(profile.temporary.iter().map(|folder| ("TMPDIR", folder)));
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(command)
    }
}

/// The error in the last line that a launcher printed.
#[cfg(target_os = "linux")]
fn unavailable(said: &str) -> SandboxError {
    let line = said.lines().last().unwrap_or_default();
    let known = line.strip_prefix("sandbox: ").and_then(|line| line.split_once(": "));
    match known.and_then(|(step, cause)| Some((Step::named(step)?, cause))) {
        Some((step, cause)) => SandboxError::Unavailable { step, cause: cause.to_owned() },
        None => SandboxError::Launcher(said.trim().to_owned()),
    }
}

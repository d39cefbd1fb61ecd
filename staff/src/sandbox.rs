//! A sandbox: starts a program that is not trusted.
//!
//! # The threat
//!
//! A submission is somebody else's code. While it is built it may try to have the compiler read what it
//! should not (`include_str!`); while it runs it may do whatever a process can do. It may want the grader's
//! files, the other submissions, the network, more of the machine than its share, or another result.
//!
//! # How a program is started
//!
//! [`Sandbox::command`] does not start the program but a launcher, which has not read a byte of the
//! submission. The launcher confines itself, for good, and becomes the program ([`enter`]). So no unsafe code
//! is needed between `fork` and `exec`, and a step that fails is told from a program that fails: one line,
//! and [`LAUNCH_FAILED`].
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
//! A run can be started in one process, because nothing in it can make another. The address of the program's
//! name is known to the filter of `execveat` alone, so that the launcher can become the program and the
//! program nothing else: whoever guesses is ended with `SIGSYS`.
//!
//! A build has a process in between. It waits for the first process of the namespace, ends as that ends, and
//! has it killed when it is killed itself. The first process of a namespace is deaf to signals that it has no
//! handler for, except for `SIGKILL`: at the limit of processor time `cargo` dies by that, and `abort` ends
//! in `SIGSEGV`. Its children are as usual.
//!
//! # What is needed
//!
//! Linux 6.2 with Landlock, seccomp, x86-64 or ARM64. [`Sandbox::detect`] tries all of it, as a program in
//! the sandbox would. User namespaces are used where they are allowed; [`Sandbox::has_namespaces`] says so.
//!
//! # What is left
//!
//! - A run sees that files exist, and their sizes, times and links, if it knows their paths; not what is in
//!   them, nor the names in a folder.
//! - A build may change modes and times of files that belong to the same user. Nothing of the submission is
//!   started in it, as long as there are no build scripts and no macros that run: the grader takes `src`
//!   alone.
//! - The processes of a build that root starts are not counted by the system: whoever starts it must. Memory
//!   and processor time of a build are limited for each process, not for all together.
//! - What goes into pipes is not limited: see [`read_bounded`]. The standard files are the caller's choice:
//!   what they are open for can be done with them. A file that is given as standard output can be written.
//! - The death signal is that of the thread that started the process. When that thread ends, the process is
//!   killed.
//! - A process can end with [`LAUNCH_FAILED`] and the line of a launcher. Whether the program had started, it
//!   must have said itself, over a channel that is checked.
//! - A run can read what is its own in `/proc/self`, its memory included: harness and code that is not
//!   trusted are one process. So a run may confine single threads further, by Landlock and seccomp, and
//!   `lab confined-worker` does: the thread that runs lab code has neither its files nor the connection to
//!   the grader.
//! - What the processor leaks, and errors of the kernel.

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

/// The exit status of a launcher that could not start the program; one line on its standard error says why.
///
/// A program can end with this status too, and print such a line. Whoever is to be trusted to have started
/// must say so over a channel of its own.
pub const LAUNCH_FAILED: i32 = 120;

/// A sandbox that works on this machine.
#[derive(Debug, Clone)]
pub struct Sandbox {
    launcher: Vec<OsString>,
    namespaces: bool,
}

impl Sandbox {
    /// Finds out what this machine offers, by trying: processes are started in the sandbox, and do what they
    /// must not.
    ///
    /// `launcher` is the program, and its first arguments, that does nothing but call [`enter`] with the
    /// arguments that follow.
    ///
    /// # Errors
    ///
    /// There is no sandbox on this machine, or none that holds.
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

    /// A program in either profile tries what it must not.
    #[cfg(target_os = "linux")]
    fn probe(&self) -> Result<(), SandboxError> {
        // The last word that is a program is the launcher itself: others before it, such as `setpriv`, only
        // start it.
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

    /// Whether user namespaces work. Without them, a build that is killed may leave processes behind, and an
    /// ordinary user's limit on threads counts all that the user runs.
    #[must_use]
    pub fn has_namespaces(&self) -> bool {
        self.namespaces
    }

    /// A command that starts `program`, named by its absolute path, in the sandbox. Arguments, variables and
    /// the three standard files can be added as usual; no other open file is inherited. Its process is in a
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

/// What the line says that a launcher printed.
#[cfg(target_os = "linux")]
fn unavailable(said: &str) -> SandboxError {
    let line = said.lines().last().unwrap_or_default();
    let known = line.strip_prefix("sandbox: ").and_then(|line| line.split_once(": "));
    match known.and_then(|(step, cause)| Some((Step::named(step)?, cause))) {
        Some((step, cause)) => SandboxError::Unavailable { step, cause: cause.to_owned() },
        None => SandboxError::Launcher(said.trim().to_owned()),
    }
}

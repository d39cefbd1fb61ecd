//! [`SandboxError`] and [`Step`]: what does not work.

use std::fmt;
use std::io;

/// What a launcher does, in this order, before it becomes the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// To understand what it was told.
    Profile,
    /// To see to it that the process dies with its parent.
    Lifetime,
    /// To find and open the program.
    Program,
    /// To enter the folder where the program starts.
    Directory,
    /// To become another user, or to have namespaces of its own.
    Identity,
    /// To limit memory, time and so on.
    Limits,
    /// To give up the powers of root.
    Capabilities,
    /// To limit which files can be reached: Landlock of Linux 6.2 or later.
    Files,
    /// To limit which system calls can be made: seccomp, on x86-64 or ARM64.
    Calls,
    /// To start the program.
    Start,
}

impl Step {
    #[cfg(target_os = "linux")]
    const ALL: [Self; 10] = [
        Self::Profile,
        Self::Lifetime,
        Self::Program,
        Self::Directory,
        Self::Identity,
        Self::Limits,
        Self::Capabilities,
        Self::Files,
        Self::Calls,
        Self::Start,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Lifetime => "lifetime",
            Self::Program => "program",
            Self::Directory => "directory",
            Self::Identity => "user and namespaces",
            Self::Limits => "limits",
            Self::Capabilities => "capabilities",
            Self::Files => "files (landlock)",
            Self::Calls => "system calls (seccomp)",
            Self::Start => "start",
        }
    }

    #[cfg(target_os = "linux")]
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The system is not Linux.
    #[error("sandboxes are made of what only Linux has")]
    NotLinux,
    /// A part of the sandbox does not work on this machine.
    #[error("no sandbox on this machine: {step}: {cause}")]
    Unavailable {
        /// What was tried.
        step: Step,
        /// What the system said.
        cause: String,
    },
    /// The parts seemed to work, but a process in the sandbox could do what it must not.
    #[error("the sandbox does not hold on this machine: a process in it could {}", .0.join(", "))]
    Leaks(Vec<String>),
    /// The launcher does not do what a launcher does.
    #[error("the launcher of the sandbox does not work: {0}")]
    Launcher(String),
    /// The launcher cannot be started.
    #[error("the launcher of the sandbox cannot be started: {0}")]
    Start(#[from] io::Error),
    /// The profile cannot be handed to the launcher: a path in it is not valid UTF-8.
    #[error("the profile of the sandbox cannot be written down: {0}")]
    Profile(#[from] serde_json::Error),
}

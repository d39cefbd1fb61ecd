//! [`SandboxError`] and [`Step`]: the failures of the sandbox.

use std::fmt;
use std::io;

/// The steps of a launcher, in this order, before it executes the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Parse the order.
    Profile,
    /// Make the process die with its parent.
    Lifetime,
    /// Find and open the program.
    Program,
    /// Enter the working directory.
    Directory,
    /// Become another user, or create namespaces.
    Identity,
    /// Limit memory, time and so on.
    Limits,
    /// Drop the capabilities of root.
    Capabilities,
    /// Limit the accessible files: Landlock of Linux 6.2 or later.
    Files,
    /// Limit the system calls: seccomp, on x86-64 or ARM64.
    Calls,
    /// Execute the program.
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

/// The reason why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The system is not Linux.
    #[error("sandboxes need Linux")]
    NotLinux,
    /// A part of the sandbox does not work on this machine.
    #[error("no sandbox on this machine: {step}: {cause}")]
    Unavailable {
        /// The failed step.
        step: Step,
        /// The system's error.
        cause: String,
    },
    /// Every step succeeded, but a process in the sandbox could do what it must not.
    #[error("the sandbox leaks on this machine: a process in it could {}", .0.join(", "))]
    Leaks(Vec<String>),
    /// The launcher does not behave as one.
    #[error("the launcher of the sandbox does not work: {0}")]
    Launcher(String),
    /// The launcher cannot be started.
    #[error("the launcher of the sandbox cannot be started: {0}")]
    Start(#[from] io::Error),
    /// The profile cannot be handed to the launcher: a path in it is not valid UTF-8.
    #[error("the profile of the sandbox cannot be written down: {0}")]
    Profile(#[from] serde_json::Error),
}

//! [`Limits`]: the resource limits of a process.

use serde::{Deserialize, Serialize};

/// The resource limits of a process. They apply to root too; nothing in the sandbox can raise them.
///
/// All but `processes` apply to each process separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Address space, in bytes. Stacks and heaps of threads count in full, whether they are used or not.
    pub memory: u64,
    /// Processor time of all threads together, in seconds, from 1. The process gets `SIGXCPU` at the limit,
    /// and `SIGKILL` a second later.
    pub cpu_seconds: u64,
    /// Processes and threads together. The kernel does not enforce it for a [`super::Profile::build`] that
    /// root starts: the caller must.
    pub processes: u64,
    /// The maximum size of a written file, in bytes; `SIGXFSZ` beyond it. Pipes and sockets are not counted.
    pub file: u64,
    /// Simultaneously open files.
    pub open_files: u64,
}

const MEBIBYTE: u64 = 1 << 20;
const GIBIBYTE: u64 = 1 << 30;

impl Limits {
    /// The limits of a worker: its simulations use some dozens of threads at most, and a GiB of address
    /// space, most of it unused.
    #[must_use]
    pub const fn run() -> Self {
        Self { memory: 4 * GIBIBYTE, cpu_seconds: 600, processes: 256, file: 16 * MEBIBYTE, open_files: 256 }
    }

    /// The limits of a build.
    #[must_use]
    pub const fn build() -> Self {
        Self { memory: 8 * GIBIBYTE, cpu_seconds: 300, processes: 256, file: GIBIBYTE, open_files: 1024 }
    }

    /// Applies the limits to this process, irrevocably.
    #[cfg(target_os = "linux")]
    pub(super) fn enter(&self) -> std::io::Result<()> {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let hard = [
            (Resource::As, self.memory, self.memory),
            (Resource::Cpu, self.cpu_seconds, self.cpu_seconds.saturating_add(1)),
            (Resource::Nproc, self.processes, self.processes),
            (Resource::Fsize, self.file, self.file),
            (Resource::Nofile, self.open_files, self.open_files),
            (Resource::Core, 0, 0),
            (Resource::Msgqueue, 0, 0),
        ];
        for (resource, soft, hard) in hard {
            // A lower limit is kept.
            let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
            let limit = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
            setrlimit(resource, limit)?;
        }
        Ok(())
    }
}

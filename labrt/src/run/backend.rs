//! [`Backend`]: simulated threads or real ones.

use std::fmt;
use std::str::FromStr;

/// The kind of threads that a run uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Simulated threads on a virtual clock: the seed determines everything.
    #[default]
    Simulation,
    /// Real threads and the system's clock: the seed determines the random numbers, and the machine the rest.
    ///
    /// Runs cannot be repeated and have no fingerprint. Of the failures that a simulation detects by itself,
    /// only panics are detected; a deadlock shows as a timeout.
    ///
    /// OS threads are reused: a thread of a run may find what an earlier one left in a `thread_local!`.
    Threads,
}

impl Backend {
    /// All backends.
    pub const ALL: [Self; 2] = [Self::Simulation, Self::Threads];

    /// The name on the command line: `sim` or `threads`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Simulation => "sim",
            Self::Threads => "threads",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The error for a name that is no [`Backend`]'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBackend(String);

impl fmt::Display for UnknownBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no backend `{}`: give `sim` or `threads`", self.0)
    }
}

impl std::error::Error for UnknownBackend {}

impl FromStr for Backend {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        Self::ALL
            .into_iter()
            .find(|backend| backend.name() == name)
            .ok_or_else(|| UnknownBackend(name.to_owned()))
    }
}

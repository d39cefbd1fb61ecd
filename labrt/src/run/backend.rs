//! [`Backend`]: what the threads of a run are.

use std::fmt;
use std::str::FromStr;

/// What the threads of a run are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Simulated threads on a virtual clock: the seed decides everything.
    #[default]
    Simulation,
    /// Real threads and the system's clock: the seed decides what is drawn, and the machine the rest.
    ///
    /// Such a run is never the same twice. It has no fingerprint, and of the failures that a simulation finds
    /// by itself it finds panics alone: who waits for ever is noticed when the time is up.
    ///
    /// OS threads are used again, for one thread of a run after the other: what lab code keeps in a
    /// `thread_local!` is found there by the next one.
    Threads,
}

impl Backend {
    /// All backends.
    pub const ALL: [Self; 2] = [Self::Simulation, Self::Threads];

    /// What it is called on the command line: `sim` or `threads`.
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

/// No backend has this name.
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

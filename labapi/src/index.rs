//! [`Term`] and [`LogIndex`]: the counters of Figure 2, as distinct types.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A term: Raft's logical clock (paper §5.1). Zero before the first election.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Term(pub u64);

impl Term {
    /// The term after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A position in the replicated log, global and counted from 1 (paper §5.3). Zero is the position
/// before the first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogIndex(pub u64);

impl LogIndex {
    /// The position after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The position before this one.
    ///
    /// # Panics
    ///
    /// Panics on position zero, which has none before it.
    #[must_use]
    pub fn prev(self) -> Self {
        Self(self.0.checked_sub(1).expect("there is no log position before zero"))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

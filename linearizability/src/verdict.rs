//! [`Verdict`]: the result of a check, and its cost.

use std::fmt;

use crate::evidence::Evidence;

/// The limits of a check.
///
/// They are steps and bytes, never seconds: the same history gets the same verdict on every machine, however
/// busy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most operations examined or tried, over all keys. One that makes a state of 256 bytes or more
    /// counts once more for each 256 bytes. A step takes some 20 to 100 ns.
    pub steps: u64,
    /// The most memory of the search in bytes, for one key at a time. The allocator may take twice as much.
    pub bytes: usize,
}

impl Default for Budget {
    /// 20 million steps, which is one or two seconds, and 256 MB.
    fn default() -> Self {
        Self { steps: 20_000_000, bytes: 256 << 20 }
    }
}

/// The cost of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Operations examined or tried, and the states that they made, as [`Budget::steps`] counts them.
    pub steps: u64,
    /// The peak of the memory.
    pub bytes: usize,
}

impl Spent {
    pub(crate) fn exceeds(self, budget: Budget) -> bool {
        self.steps > budget.steps || self.bytes > budget.bytes
    }

    pub(crate) fn add(&mut self, more: Spent) {
        self.steps += more.steps;
        self.bytes = self.bytes.max(more.bytes);
    }

    /// The rest of `budget`, for another search.
    pub(crate) fn left(self, budget: Budget) -> Budget {
        Budget { steps: budget.steps.saturating_sub(self.steps), bytes: budget.bytes }
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} steps and {} kB", self.steps, self.bytes.div_ceil(1000))
    }
}

/// The verdict on a history.
#[must_use = "a history that was not found linearizable must not pass"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order of the operations in which each takes effect between its call and its return, and in
    /// which the model gives all the answers.
    Linearizable {
        /// The cost of the check.
        spent: Spent,
    },
    /// There is no such order.
    Violation(Box<Evidence>),
    /// Not known: the budget was spent before there was an answer. Not a pass.
    Unknown {
        /// The first undecided key.
        key: String,
        /// The cost of the check.
        spent: Spent,
        /// The budget of the check.
        budget: Budget,
    },
}

impl Verdict {
    /// Whether the history is known to be linearizable. `false` does not say that it is not.
    #[must_use]
    pub fn is_linearizable(&self) -> bool {
        matches!(self, Self::Linearizable { .. })
    }
}

/// The message of a failed test, except for a history that is linearizable.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linearizable { spent } => write!(f, "the history is linearizable ({spent})"),
            Self::Violation(evidence) => evidence.fmt(f),
            Self::Unknown { key, spent, budget } => write!(
                f,
                "expected a verdict on the history of key {key} within {} steps and {} kB; saw none after \
                 {spent}: it \
                 is not known whether the history is linearizable, and that is not a pass",
                budget.steps,
                budget.bytes.div_ceil(1000),
            ),
        }
    }
}

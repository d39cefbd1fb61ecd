//! [`Policy`]: how a simulation picks the thread that runs next.

use std::fmt;
use std::str::FromStr;

/// How the scheduler of a simulation picks the next thread among those that can run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Every thread with the same probability, at every scheduling point. `random` on the command line.
    #[default]
    Random,
    /// The running thread continues with probability 7/8, and otherwise as with [`Policy::Random`]. Switches
    /// are rarer and bursts longer, which finds bugs that need one thread to be far ahead of another.
    /// `sticky` on the command line.
    Sticky,
    /// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010). Each thread has a random priority,
    /// and the one of the highest runs; at two random scheduling points the running thread gets a low one.
    /// Priorities and points are drawn again after 16 to 4,095 choices among threads. `pct` on the command
    /// line.
    Pct,
    /// Partial order sampling (Yuan et al., CAV 2018). The next step of each thread has a random priority,
    /// and the one of the highest is carried out; steps on the same lock, atomic or channel then get other
    /// priorities. `pos` on the command line.
    Pos,
}

impl Policy {
    /// All policies, in the order in which the command line lists them.
    pub const ALL: [Policy; 4] = [Policy::Random, Policy::Sticky, Policy::Pct, Policy::Pos];

    /// The policy's name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Policy::Random => "random",
            Policy::Sticky => "sticky",
            Policy::Pct => "pct",
            Policy::Pos => "pos",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a name that is no [`Policy`]'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPolicy(String);

impl fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no scheduling policy `{}`; there are:", self.0)?;
        Policy::ALL.iter().try_for_each(|policy| write!(f, " {policy}"))
    }
}
impl std::error::Error for UnknownPolicy {}

impl FromStr for Policy {
    type Err = UnknownPolicy;
    fn from_str(name: &str) -> Result<Self, UnknownPolicy> {
        let found = Policy::ALL.into_iter().find(|policy| policy.name() == name);
        found.ok_or_else(|| UnknownPolicy(name.to_owned()))
    }
}

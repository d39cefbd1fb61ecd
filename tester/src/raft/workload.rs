//! Random commands.

use super::{AppliesCommands, Command};
use crate::Cluster;

impl<P: AppliesCommands> Cluster<P> {
    /// A number that nobody has submitted before: 63 random bits.
    #[must_use]
    pub fn rand(&self) -> Command {
        Command::from(self.rand_bits() >> 1)
    }

    /// A random number below `bound`.
    #[must_use]
    pub fn rand_below(&self, bound: u64) -> Command {
        Command::from(self.rand_number(bound))
    }

    /// A text of `length` random letters, digits and dashes.
    #[must_use]
    pub fn rand_text(&self, length: usize) -> Command {
        Command::from(self.rand_letters(length))
    }
}

//! The numbers of proposals.

use serde::{Deserialize, Serialize};

/// The number of a proposal: unique, and higher than others or lower.
///
/// The derived order compares the fields in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Ballot {
    /// A proposer that was refused takes a higher one.
    pub(crate) round: u64,
    /// The node that uses the number, and no other one.
    pub(crate) node: usize,
}

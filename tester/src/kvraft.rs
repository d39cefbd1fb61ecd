//! Lab 4: the key/value service over Raft. (Part 4A, and the first test of 4C, are in `rsm`.)

mod faults;
mod generic;
mod part_4b;
mod part_4c;
mod servers;

pub use servers::KvServers;

use crate::{Case, rsm};

/// All tests of lab 4, in the course's order.
pub(crate) fn cases() -> Vec<Case> {
    [&rsm::CASES_4A[..], &part_4b::CASES, &rsm::CASES_4C, &part_4c::CASES].concat()
}

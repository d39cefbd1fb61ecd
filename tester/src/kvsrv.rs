//! Lab 2: one key/value server that never fails, and a lock on it.

mod lock;
mod part_2a;
mod part_2b;
mod server;

pub use server::KvServer;

use crate::Case;

/// All tests of it, in the course's order.
pub(crate) fn cases() -> Vec<Case> {
    [&part_2a::CASES[..], &part_2b::CASES].concat()
}

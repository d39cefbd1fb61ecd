//! [`cases`]: all tests.

use std::sync::LazyLock;

use crate::released::RELEASED;
use crate::{Case, bully, kvraft, kvsrv, raft};

/// All tests of the parts that are released: the course's, in its order, and then those of other protocols.
#[must_use]
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let mut cases = [kvsrv::cases(), raft::cases(), kvraft::cases(), bully::cases()].concat();
        cases.retain(|case| RELEASED.contains(&case.part));
        cases
    });
    &CASES
}

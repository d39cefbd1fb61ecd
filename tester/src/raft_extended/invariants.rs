//! Invariants of Raft peers whose cluster can be changed, besides those that hold whichever servers vote: one
//! leader in a term and one command at an index, among others.

mod fresh_reads;
mod one_quorum;

use crate::invariant::Invariant;
use fresh_reads::FreshReads;
use one_quorum::OneQuorum;

/// All of them, in the order in which they judge.
pub(super) fn all() -> Vec<Box<dyn Invariant>> {
    vec![Box::new(OneQuorum::default()), Box::new(FreshReads::default())]
}

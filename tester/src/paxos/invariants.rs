//! Invariants of single-decree Paxos: the safety requirements of *Paxos Made Simple*, §2.1. They hold at
//! every moment, however slow, lossy or partitioned the network is, and across crashes.

mod chosen_by_a_majority;
mod one_value;
mod only_proposed;

use crate::invariant::Invariant;
use chosen_by_a_majority::ChosenByAMajority;
use one_value::OneValue;
use only_proposed::OnlyProposed;

/// All of them, in the order in which they judge.
pub(super) fn all() -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(OnlyProposed::default()),
        Box::new(OneValue::default()),
        Box::new(ChosenByAMajority::default()),
    ]
}

//! Part 4A: any service, replicated. The tests replicate a counter.

mod counter;
mod counters;
mod part_4a;
mod part_4c;
mod submits;

pub use counters::Counters;
pub(crate) use counters::replica;
pub(crate) use part_4a::CASES as CASES_4A;
pub(crate) use part_4c::CASES as CASES_4C;

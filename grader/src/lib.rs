//! Measures what the tests notice, with solutions that are wrong on purpose.
//!
//! A [`WrongRaft`] is the reference with one rule of the paper broken, as a student might break it: a small file with exact
//! before/after edits. [`Scratch`] is a copy of the workspace to which such edits are applied, so that the one that people
//! work in stays as it is.

mod scratch;
mod wrong_raft;

pub use scratch::{Scratch, ScratchError};
pub use wrong_raft::{CaughtBy, Edit, WrongRaft, WrongRaftError};

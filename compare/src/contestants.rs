//! The protocols that take part: one adapter a file, and the small experiments.

pub(crate) mod bully;
pub(crate) mod bully_extended;
pub(crate) mod eureka;
pub(crate) mod kafka;
mod log;
pub(crate) mod paxos;
pub(crate) mod raft;
pub(crate) mod raft_extended;
pub(crate) mod zab;

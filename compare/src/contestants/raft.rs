//! Raft as in Figure 2.

use super::log;
use crate::contestant::Contestant;

/// Raft.
pub(crate) const RAFT: Contestant = Contestant {
    name: "raft",
    title: "Raft",
    lab: Some("raft"),
    has_leaders: true,
    takes_writes: true,
    controllers: 0,
    why: "",
    start: |solution| solution.raft().map(log::start),
};

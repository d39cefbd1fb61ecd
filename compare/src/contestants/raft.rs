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
    why: "Followers wait 300 to 600 ms for a heartbeat, so the first of them stands some 400 ms after the \
          leader has gone, and usually wins with one round of messages. Nothing is committed without a \
          majority. A leader in the minority takes writes that it cannot commit, and after Figure 2 it says \
          that it leads until it hears of a newer term: two leaders, for as long as the partition lasts, \
          but never in one term, and what the old one took is overwritten when the halves meet. Whoever \
          returns is not preferred: a server that comes and goes costs an election only if it led. When all \
          followers wake up at the same moment they stand at the same moment, and the votes are split: that \
          is why being left alone costs Raft another round.",
    start: |solution| solution.raft().map(log::start_raft),
};

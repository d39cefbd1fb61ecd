//! What brokers and the controller send.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::replica::Write;

/// The controller's decision on who leads and who is in sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// The number of the decision: a higher one replaces a lower one.
    pub version: u64,
    /// The leader's epoch.
    pub epoch: u64,
    /// The leader; `None` if no replica in sync runs.
    pub leader: Option<usize>,
    /// The replicas in sync. There is always one.
    pub isr: BTreeSet<usize>,
}

/// A broker runs. The answer is the present [`Assignment`].
#[derive(Serialize, Deserialize)]
pub(super) struct Heartbeat {
    pub broker: usize,
    /// Whether it has just started: what it was before is over.
    pub starts: bool,
}

/// The leader proposes other replicas in sync. The answer is the assignment after that.
#[derive(Serialize, Deserialize)]
pub(super) struct AlterIsr {
    pub leader: usize,
    /// The assignment from which it proceeds. It has no effect if there is a later one.
    pub version: u64,
    pub isr: BTreeSet<usize>,
}

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub epoch: u64,
    pub write: Write,
}

/// A follower asks for what comes after its log.
#[derive(Serialize, Deserialize)]
pub(super) struct Fetch {
    pub follower: usize,
    pub epoch: u64,
    /// The length of its log, so it has everything before.
    pub offset: usize,
    /// The epoch of its last entry.
    pub last_epoch: u64,
    pub high_watermark: usize,
}

/// The answer to a [`Fetch`].
#[derive(Serialize, Deserialize)]
pub(super) enum Fetched {
    /// The next entries, and how many entries all replicas in sync have.
    Entries { entries: Vec<Entry>, high_watermark: usize },
    /// The follower's log is not the beginning of the leader's: it is cut to this length.
    Truncate { length: usize },
    /// The broker does not lead in this epoch.
    Refused,
}

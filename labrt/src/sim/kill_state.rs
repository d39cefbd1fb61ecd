//! The scheduler's state of kills: see `kill`.

use crate::wait::Ticket;

/// A kill in progress.
#[derive(Default)]
pub(crate) struct KillInProgress {
    /// The nodes that are being killed.
    pub(super) nodes: Vec<u32>,
    /// Dying threads that can run.
    pub(crate) runnable: Vec<u32>,
    /// The thread that asked for the kill and waits for its end.
    pub(super) waiter: Option<Ticket>,
}

/// A kill that begins when the node has passed `points` more scheduling points.
pub(crate) struct ScheduledCrash {
    pub(super) node: u32,
    pub(super) points: u32,
    pub(super) waiter: Ticket,
}

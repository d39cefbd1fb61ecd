//! What the scheduler keeps of kills: see `kill`.

use crate::wait::Ticket;

/// A kill in progress.
#[derive(Default)]
pub(crate) struct KillInProgress {
    /// The nodes that die.
    pub(super) nodes: Vec<u32>,
    /// Dying threads that can run.
    pub(crate) runnable: Vec<u32>,
    /// The thread that asked for the kill and waits for its end.
    pub(super) waiter: Option<Ticket>,
}

/// A kill that comes when the node has passed so many scheduling points.
pub(crate) struct ScheduledCrash {
    pub(super) node: u32,
    pub(super) points: u32,
    pub(super) waiter: Ticket,
}

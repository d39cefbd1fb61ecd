//! The state of a node.

use labrt::time::{Duration, Instant};

use crate::node::{Bully, NodeId};

/// Everything that changes on a node, under its one lock.
pub(crate) struct State {
    /// The node's part in elections at the moment.
    pub(crate) status: Status,
    /// The time at which the timer acts on this status.
    pub(crate) deadline: Instant,
    /// Whether the node was killed: its threads then end.
    pub(crate) killed: bool,
}

/// A node's part in elections. In the first two statuses it is in an election.
#[derive(Clone, Copy)]
pub(crate) enum Status {
    /// Asks the higher nodes, and none of them has answered. At the deadline it asks again, or wins if the
    /// time is over.
    Asking {
        /// The time by which a higher node must answer.
        until: Instant,
    },
    /// A higher node is alive, and one of those will win. At the deadline it starts a new election.
    AwaitingVictory,
    /// Follows a leader. At the deadline the leader is taken for dead, and it starts an election.
    Following {
        /// The leader.
        leader: NodeId,
    },
    /// Leads. At the deadline it sends the next heartbeats.
    Leading,
}

impl State {
    /// The state of a node that starts: it knows no leader, and its deadline has passed.
    pub(crate) fn new() -> Self {
        Self { status: Status::AwaitingVictory, deadline: Instant::now(), killed: false }
    }
}

impl Bully {
    /// Changes the status. The timer acts on it after this time.
    pub(crate) fn enter(&self, state: &mut State, status: Status, due: Duration) {
        state.status = status;
        state.deadline = Instant::now() + due;
        self.timer.notify_one();
    }
}

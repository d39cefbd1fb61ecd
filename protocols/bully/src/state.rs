//! The state of a node.

use labrt::time::{Duration, Instant};

use crate::node::{Bully, NodeId};

/// Everything that changes on a node, under its one lock.
pub(crate) struct State {
    /// The node's part in elections at the moment.
    pub(crate) status: Status,
    /// When the timer does what is due in this status.
    pub(crate) deadline: Instant,
    /// Set when the node is needed no longer: its threads end.
    pub(crate) killed: bool,
}

/// A node's part in elections. It is in an election in the first two.
#[derive(Clone, Copy)]
pub(crate) enum Status {
    /// Asks the higher nodes, and none of them has answered. Due: to ask again, and to win when the time is
    /// over.
    Asking {
        /// How long a higher node may take to answer.
        until: Instant,
    },
    /// A higher node lives, and one of those will win. Due: a new election.
    AwaitingVictory,
    /// Knows who leads. Due: an election, for the leader is gone.
    Following {
        /// Who leads.
        leader: NodeId,
    },
    /// Leads. Due: the next heartbeats.
    Leading,
}

impl State {
    /// A node that starts knows no leader, and has waited long enough for one.
    pub(crate) fn new() -> Self {
        Self { status: Status::AwaitingVictory, deadline: Instant::now(), killed: false }
    }
}

impl Bully {
    /// Changes the status. The timer does what is due in it after this time.
    pub(crate) fn enter(&self, state: &mut State, status: Status, due: Duration) {
        state.status = status;
        state.deadline = Instant::now() + due;
        self.timer.notify_one();
    }
}

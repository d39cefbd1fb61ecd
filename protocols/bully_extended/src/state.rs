//! The state of a node.

use std::collections::BTreeSet;

use labrt::time::{Duration, Instant};
use persister::Storage;

use crate::generation::Generation;
use crate::node::{Node, NodeId};
use crate::publication::{Campaign, Saved};

/// Everything that changes on a node, under its one lock.
pub(crate) struct State {
    /// The generation of the leader that it knows, or the newest that it has heard of.
    pub(crate) generation: Generation,
    /// The node's part in elections at the moment.
    pub(crate) status: Status,
    /// The time at which the timer acts on this status.
    pub(crate) deadline: Instant,
    /// When it last heard from the leader that it follows, and not only of it.
    pub(crate) heard: Option<Instant>,
    /// When the last message was sent that each node has answered to this one, in this election or in this
    /// generation.
    pub(crate) contact: Vec<Option<Instant>>,
    /// What must survive a crash, in the form that publishes.
    pub(crate) saved: Saved,
    /// A leader's publication, in the form that publishes.
    pub(crate) campaign: Campaign,
    /// Whether the node was killed: its threads then end.
    pub(crate) killed: bool,
}

/// A node's part in elections. It knows a leader in the last two statuses alone.
pub(crate) enum Status {
    /// Asks the others whether they miss the leader. At the deadline it asks again.
    Inquiring {
        /// The time at which it asked: it counts no answers to earlier questions.
        since: Instant,
        /// Those who miss the leader, itself included.
        missing: BTreeSet<NodeId>,
    },
    /// A candidate: no higher node has answered. At the deadline it asks again; or, if the time is over, it
    /// has won.
    Asking {
        /// The time by which a higher node must answer.
        until: Instant,
    },
    /// A higher node is alive, and one of those will win. At the deadline it misses the leader again.
    AwaitingVictory,
    /// Follows a leader. At the deadline it misses the leader.
    Following {
        /// The leader.
        leader: NodeId,
    },
    /// Leads. At the deadline it sends the next heartbeats.
    Leading,
}

impl State {
    /// The state of one of `nodes` nodes that starts: it knows no leader, and its deadline has passed.
    pub(crate) fn restore(storage: &Storage, nodes: usize) -> Self {
        let saved = Saved::read(storage);
        Self {
            generation: saved.generation,
            status: Status::AwaitingVictory,
            deadline: Instant::now(),
            heard: None,
            contact: vec![None; nodes],
            saved,
            campaign: Campaign::default(),
            killed: false,
        }
    }
}

impl Node {
    /// Changes the status. The timer acts on it after this time.
    pub(crate) fn enter(&self, state: &mut State, status: Status, due: Duration) {
        state.status = status;
        state.deadline = Instant::now() + due;
        self.timer.notify_one();
    }
}

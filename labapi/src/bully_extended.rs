//! [`BullyExtended`]: the Bully algorithm with the cures that Elasticsearch and MongoDB gave it.

use std::sync::Arc;
use std::time::Duration;

use labrpc::ClientEnd;
use persister::Storage;
use serde::{Deserialize, Serialize};

use crate::Bully;

/// A node of the Bully algorithm in one of its cured forms: its interface for the tester.
///
/// Every method may be called from any thread at any time, also on a node that was killed. None of them may
/// wait for other nodes.
pub trait CuredBully: Bully {
    /// The leader and the generation, both as of the same moment. [`leader`](Bully::leader) is the same
    /// leader.
    fn view(&self) -> BullyView;

    /// Gives the leader a state to publish, in the place of the one before (part B5). Returns at once.
    ///
    /// Returns the version that the state has if it is ever committed; `None`, without any effect, if the
    /// node does not lead, or is not ready: a leader first finds out what was committed before it, and
    /// commits one state after the other. In the forms of the other parts it always returns `None`.
    fn publish(&self, state: Vec<u8>) -> Option<u64> {
        let _ = state;
        None
    }

    /// The newest state that the node knows to be committed: n/2 + 1 nodes have saved it (part B5). After a
    /// restart it may be `None` at first.
    fn published(&self) -> Option<Publication> {
        None
    }

    /// The candidate that has this node's vote, which may be the node itself, for as long as the vote is
    /// locked (part B6).
    fn vote(&self) -> Option<usize> {
        None
    }
}

/// What a node takes for the present leader, and since which election.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BullyView {
    /// The generation of [`leader`](Self::leader), if the node knows one; otherwise the newest generation
    /// that it has heard of. 0: none, as in forms without generations.
    ///
    /// Each leader begins a generation that is newer than all that it has heard of, and no two nodes ever
    /// lead in the same one. A node's generation goes up for as long as it runs.
    pub generation: u64,
    /// The position of the node that this one takes for the leader, which may be itself; `None` while it
    /// knows none.
    pub leader: Option<usize>,
}

/// A state that was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// How many states were committed up to this one, itself included.
    pub version: u64,
    /// The state.
    pub state: Vec<u8>,
}

/// The longest time for which a leader that reaches no quorum of n/2 + 1 nodes, itself included, goes on
/// leading (part B4). It has reached a node that answers at the time at which the message was sent that the
/// node has answered.
pub const QUORUM_TIMEOUT: Duration = Duration::from_millis(1000);

/// How long a node votes for nobody else after it has voted (part B6; MongoDB before 3.2).
///
/// It may vote for the same candidate again, which is a new vote and a new lock. The vote that a candidate
/// gave itself is free when its ballot has failed, and is locked as others are when the candidate has won.
pub const VOTE_LOCK: Duration = Duration::from_secs(30);

/// The longest time from the first vote that a candidate gets to its victory: one that has not won by then
/// asks for all votes anew (part B6).
pub const LONGEST_BALLOT: Duration = Duration::from_millis(1000);

/// The constructor of a node that keeps its state across crashes, at first and after a crash.
///
/// The arguments are those of [`MakeBully`](crate::MakeBully), and the storage with what earlier incarnations
/// have saved. It must return at once: start threads for long work.
pub type MakePublishingBully = fn(Vec<ClientEnd>, usize, Storage) -> Arc<dyn CuredBully>;

/// The constructor of a node that elects by priorities and votes, at first and after a crash, which no state
/// survives.
///
/// The arguments are those of [`MakeBully`](crate::MakeBully), and the priorities of all nodes by position,
/// the same on every node. It must return at once: start threads for long work.
pub type MakePrioritizedBully = fn(Vec<ClientEnd>, usize, Vec<u32>) -> Arc<dyn CuredBully>;

/// The constructor of a node that keeps nothing across crashes; see [`MakeBully`](crate::MakeBully).
pub type MakeCuredBully = fn(Vec<ClientEnd>, usize) -> Arc<dyn CuredBully>;

/// What a solution of the lab on Bully's cures provides: a constructor for each form. Each of the first four
/// forms has the cures of those before it.
#[derive(Clone, Copy)]
pub struct BullyExtended {
    /// A generation in every message (part B2).
    pub generations: MakeCuredBully,
    /// A node that misses the leader asks the others before there is an election (part B3).
    pub asks_others: MakeCuredBully,
    /// Nobody leads without a quorum (part B4).
    pub quorum: MakeCuredBully,
    /// The leader publishes in two phases (part B5).
    pub publishes: MakePublishingBully,
    /// Priorities, votes with a veto, and a vote lock (part B6).
    pub priorities: MakePrioritizedBully,
}

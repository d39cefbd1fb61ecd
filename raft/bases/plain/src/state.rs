//! The box "State" of Figure 2.

use labapi::{LogIndex, Term};
use labrt::rand::{RngExt, rng};
use labrt::time::{Duration, Instant};

use crate::log::Log;

/// The shortest time that a server waits for a leader.
const ELECTION_TIMEOUT_MIN: u64 = 300;

/// The longest one, in milliseconds.
const ELECTION_TIMEOUT_MAX: u64 = 600;

/// The role of a server (§5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Leader,
    Candidate,
    Follower,
}

/// All that changes on a server.
pub(crate) struct State {
    // Persistent state on all servers.
    pub(crate) current_term: Term,
    pub(crate) voted_for: Option<usize>,
    pub(crate) log: Log,
    /// The snapshot that replaces the log up to its head; empty if there is none.
    pub(crate) snapshot: Vec<u8>,

    // Volatile state on all servers.
    pub(crate) commit_index: LogIndex,
    pub(crate) last_applied: LogIndex,
    pub(crate) role: Role,
    /// Whether a snapshot of the leader has to be handed to the service, before any other entry.
    pub(crate) snapshot_is_due: bool,
    pub(crate) election_deadline: Instant,
    pub(crate) killed: bool,

    // Volatile state on candidates.
    pub(crate) votes: usize,

    // Volatile state on leaders, by server.
    pub(crate) next_index: Vec<LogIndex>,
    pub(crate) match_index: Vec<LogIndex>,
}

impl State {
    /// The volatile state of a server that starts with this persistent state.
    pub(crate) fn new(
        current_term: Term,
        voted_for: Option<usize>,
        log: Log,
        snapshot: Vec<u8>,
        servers: usize,
    ) -> Self {
        let mut state = Self {
            current_term,
            voted_for,
            snapshot,
            // What the snapshot holds was committed and applied.
            commit_index: log.head(),
            last_applied: log.head(),
            log,
            role: Role::Follower,
            snapshot_is_due: false,
            election_deadline: Instant::now(),
            killed: false,
            votes: 0,
            next_index: vec![LogIndex(1); servers],
            match_index: vec![LogIndex(0); servers],
        };
        state.reset_election_timer();
        state
    }

    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower".
    pub(crate) fn become_follower(&mut self, term: Term) {
        self.current_term = term;
        self.voted_for = None;
        self.role = Role::Follower;
    }

    /// Puts off the next election by a random time.
    pub(crate) fn reset_election_timer(&mut self) {
        let timeout = rng().random_range(ELECTION_TIMEOUT_MIN..ELECTION_TIMEOUT_MAX);
        self.election_deadline = Instant::now() + Duration::from_millis(timeout);
    }
}

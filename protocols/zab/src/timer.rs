//! The one clock of a server: when a leader or its followers are taken for dead, and when something is sent.

use labrt::time::{Duration, Instant};

use crate::server::{Role, Server, State};

/// How long discovery and synchronisation may take (`initLimit`).
pub(crate) const INIT_LIMIT: Duration = Duration::from_millis(600);

/// How long a follower does without its leader, and a leader without a quorum (`syncLimit`).
pub(crate) const SYNC_LIMIT: Duration = Duration::from_millis(300);

/// How often a leader lets the others hear from it, and repeats what they have not acknowledged.
pub(crate) const PING_INTERVAL: Duration = Duration::from_millis(60);

impl Server {
    /// The timer's thread.
    pub(crate) fn run_timer(&self) {
        let mut state = self.state.lock();
        self.look(&mut state);
        while !state.killed {
            let is_due = Instant::now() >= state.deadline;
            match &state.role {
                Role::Leading(leader) if leader.established && (is_due || self.has_news(&state, leader)) => {
                    self.broadcast(&mut state, is_due);
                }
                Role::Looking(_) if is_due => self.on_election_timer(&mut state),
                _ if is_due => self.look(&mut state),
                _ => {
                    let deadline = state.deadline;
                    self.timer.wait_until(&mut state, deadline);
                }
            }
        }
    }
}

impl State {
    /// Discovery and synchronisation begin.
    pub(crate) fn await_synchronisation(&mut self) {
        self.deadline = Instant::now() + INIT_LIMIT;
    }

    /// The leader has been heard.
    pub(crate) fn await_leader(&mut self) {
        self.deadline = Instant::now() + SYNC_LIMIT;
    }

    /// A leader has just sent something to all.
    pub(crate) fn await_ping(&mut self) {
        self.deadline = Instant::now() + PING_INTERVAL;
    }
}

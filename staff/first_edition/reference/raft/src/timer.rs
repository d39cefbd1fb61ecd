//! The one clock of a server. It calls an election when the server has heard of no leader for too
//! long, and repeats what a leader or a candidate sends to all (§5.2).

use std::ops::Range;

use labrt::rand::{RngExt, rng};
use labrt::time::{Duration, Instant};

use crate::peer::Raft;
use crate::state::{Role, State};

/// How long a server waits to hear of a leader before it wants to become one.
///
/// Drawn anew each time, so that servers seldom stand together and split the votes (§5.2). Long enough
/// for a few heartbeats, so that a lost one deposes nobody, and for asking twice for each vote; much
/// shorter than the time between failures (§5.6). The paper's 150 to 300 ms do not go with ten
/// heartbeats a second.
const ELECTION_TIMEOUT: Range<Duration> = Duration::from_millis(300)..Duration::from_millis(600);

/// How often a leader lets its followers hear from it. The course allows ten times a second.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// How soon a candidate asks again those who have not voted for it.
pub(crate) const VOTE_INTERVAL: Duration = Duration::from_millis(200);

impl Raft {
    /// The timer's thread: waits for the next deadline, and does what is due.
    pub(crate) fn run_timer(&self) {
        let mut state = self.state.lock();
        while !state.killed {
            let now = Instant::now();
            if now >= state.next_deadline() {
                match state.role {
                    Role::Leader { .. } => self.send_heartbeats(&mut state),
                    Role::Candidate { .. } if now < state.election_deadline => self.ask_for_votes(&mut state),
                    Role::Candidate { .. } | Role::Follower => self.start_election(&mut state),
                }
                state.check_invariants();
            }
            // If the deadline is put off meanwhile, this wakes up too early and waits again. A new leader,
            // which brings it forward, wakes the timer.
            let deadline = state.next_deadline();
            self.timer.wait_until(&mut state, deadline);
        }
    }
}

impl State {
    /// When the timer has something to do.
    fn next_deadline(&self) -> Instant {
        match self.role {
            Role::Follower => self.election_deadline,
            Role::Candidate { .. } => self.election_deadline.min(self.repeat_deadline),
            Role::Leader { .. } => self.repeat_deadline,
        }
    }

    /// Puts off the next election by a random time.
    pub(crate) fn restart_election_timer(&mut self) {
        self.election_deadline = Instant::now() + rng().random_range(ELECTION_TIMEOUT);
    }

    /// Has what was sent to all repeated after this time.
    pub(crate) fn repeat_after(&mut self, interval: Duration) {
        self.repeat_deadline = Instant::now() + interval;
    }
}

//! The one clock of a server. It calls an election when the server has heard of no leader for too long, and
//! repeats what a leader or a candidate sends to all.

use std::ops::Range;

use labrt::rand::{RngExt, rng};
use labrt::time::{Duration, Instant};

use crate::server::Server;
use crate::state::{Role, State};

/// How long a server waits to hear of a leader before it wants to become one, drawn anew each time (§5.2).
///
/// The lower end is also the time for which a server that has heard of a leader helps nobody to depose it
/// (§6), and the time after which a leader without contact with a quorum steps down.
pub(crate) const ELECTION_TIMEOUT: Range<Duration> = Duration::from_millis(300)..Duration::from_millis(600);

/// How often a leader lets its followers hear from it.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// How soon a candidate asks again those who have not voted for it.
pub(crate) const VOTE_INTERVAL: Duration = Duration::from_millis(150);

impl Server {
    /// The timer's thread: waits for the next deadline, and does what is due.
    pub(crate) fn run_timer(&self) {
        let mut state = self.state.lock();
        while !state.killed {
            let now = Instant::now();
            if now >= state.next_deadline() {
                let still_stands = now < state.election_deadline;
                match state.role {
                    Role::Leader(_) => self.lead_on(&mut state),
                    Role::Candidate { .. } if still_stands => self.ask_for_votes(&mut state),
                    Role::PreCandidate { .. } if still_stands => self.ask_for_pre_votes(&mut state),
                    _ => self.start_pre_vote(&mut state),
                }
                state.persist();
                state.check_invariants();
            }
            let deadline = state.next_deadline();
            self.timer.wait_until(&mut state, deadline);
        }
    }

    /// What a leader does regularly.
    fn lead_on(&self, state: &mut State) {
        self.check_quorum(state);
        self.give_up_change(state);
        self.advance_change(state);
        self.give_up_transfer(state);
        self.advance_transfer(state);
        self.send_heartbeats(state);
    }
}

impl State {
    /// When the timer has something to do.
    fn next_deadline(&self) -> Instant {
        match self.role {
            Role::Follower => self.election_deadline,
            Role::PreCandidate { .. } | Role::Candidate { .. } => {
                self.election_deadline.min(self.repeat_deadline)
            }
            Role::Leader(_) => self.repeat_deadline,
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

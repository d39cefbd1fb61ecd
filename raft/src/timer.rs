//! The one clock of a server: it calls an election on a server that hears of no leader, and sends
//! the heartbeats of a leader (§5.2).

use std::ops::Range;

use labrt::rand::{RngExt, rng};
use labrt::time::{Duration, Instant};

use crate::peer::Raft;
use crate::state::State;

/// How long a server waits to hear from a leader before it wants to become one.
///
/// Drawn anew each time, so that servers seldom start together and split the votes (§5.2). Longer
/// than two heartbeats may take on a bad network, so that a lost one deposes nobody; and much longer
/// than a round of votes takes, or no candidate would ever finish (§5.6). The paper's 150 to 300 ms
/// would be too little for ten heartbeats a second.
const ELECTION_TIMEOUT: Range<Duration> = Duration::from_millis(300)..Duration::from_millis(600);

/// How often a leader lets each follower hear from it: the course allows ten times a second.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

impl Raft {
    /// The timer's thread: waits for the deadline, does what is due, and sees to the next deadline.
    pub(crate) fn run_timer(&self) {
        let mut state = self.state.lock();
        while !state.killed {
            if Instant::now() >= state.deadline {
                if state.is_leader() {
                    self.send_heartbeats(&mut state);
                } else {
                    self.start_election(&mut state);
                }
                state.check_invariants();
            }
            // Others may move the deadline meanwhile. If it is now later, this wakes up too early
            // and waits once more. If it is earlier, they wake the timer.
            let deadline = state.deadline;
            self.timer.wait_until(&mut state, deadline);
        }
    }
}

impl State {
    /// Puts off the next election by a random time.
    pub(crate) fn restart_election_timer(&mut self) {
        self.deadline = Instant::now() + rng().random_range(ELECTION_TIMEOUT);
    }

    /// Puts off the next heartbeats by their interval.
    pub(crate) fn restart_heartbeat_timer(&mut self) {
        self.deadline = Instant::now() + HEARTBEAT_INTERVAL;
    }
}

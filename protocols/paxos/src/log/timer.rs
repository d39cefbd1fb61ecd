//! The one clock of a server: when a leader is taken for dead, and when something is sent again.
//!
//! Nothing depends on these times but progress: "A single distinguished proposer must be used … to guarantee
//! progress" (§2.4), and several proposers are safe.

use std::ops::Range;

use labrt::rand::{RngExt, rng};
use labrt::time::{Duration, Instant};

use super::peer::{Peer, Role, State};

/// How long a server waits to hear of a leader before it wants to become one. At random, so that two servers
/// seldom duel. A few heartbeats long.
const LEADER_TIMEOUT: Range<Duration> = Duration::from_millis(300)..Duration::from_millis(600);

/// How long phase 1 may take. At random, as two that duel must not try again at the same time.
const PHASE_1_TIMEOUT: Range<Duration> = Duration::from_millis(150)..Duration::from_millis(400);

/// How often a leader lets the others hear from it, and repeats what they have not answered.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

impl Peer {
    /// The timer's thread: sends what is new, and does what is due.
    pub(crate) fn run_timer(&self) {
        let mut state = self.state.lock();
        while !state.killed {
            let is_due = Instant::now() >= state.deadline;
            match state.role {
                Role::Leading { unsent, .. } if is_due || unsent <= state.entries.last() => {
                    self.send_proposals(&mut state, is_due);
                }
                Role::Follower | Role::Preparing { .. } if is_due => self.begin_phase_1(&mut state),
                _ => {
                    let deadline = state.deadline;
                    self.timer.wait_until(&mut state, deadline);
                }
            }
        }
    }
}

impl State {
    /// There is a leader, or a server that wants to become one.
    pub(crate) fn await_leader(&mut self) {
        self.deadline = Instant::now() + rng().random_range(LEADER_TIMEOUT);
    }

    /// Phase 1 has begun.
    pub(crate) fn await_promises(&mut self) {
        self.deadline = Instant::now() + rng().random_range(PHASE_1_TIMEOUT);
    }

    /// A leader has just sent a heartbeat.
    pub(crate) fn await_heartbeat(&mut self) {
        self.deadline = Instant::now() + HEARTBEAT_INTERVAL;
    }
}

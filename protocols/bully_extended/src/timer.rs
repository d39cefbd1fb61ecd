//! The one clock of a node. It notices when the leader is gone or an election has taken its time, and repeats
//! what a leader or a candidate sends.

use labrt::time::{Duration, Instant};

use crate::node::{Form, Node};
use crate::state::Status;

/// How often a leader lets the others hear from it.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// How long a node waits to hear from its leader before it misses it, and a leader to hear from a quorum
/// before it steps down: a few heartbeats, so that a lost one deposes nobody.
pub(crate) const LEADER_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the higher nodes have to answer before they are taken for dead: long enough to be asked twice.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_millis(400);

/// How soon a node asks again while nobody answers, for requests and answers get lost.
pub(crate) const ASK_INTERVAL: Duration = Duration::from_millis(200);

/// How long a candidate that was answered waits for a victory: twice as long as those above it need to find
/// out that nobody is above them.
pub(crate) const VICTORY_TIMEOUT: Duration = Duration::from_millis(800);

impl Node {
    /// The timer's thread: waits for the next deadline, and does what is due.
    pub(crate) fn run_timer(&self) {
        let mut state = self.state.lock();
        while !state.killed {
            let now = Instant::now();
            if now >= state.deadline {
                match state.status {
                    Status::Asking { until } if now < until => self.ask(&mut state, until),
                    Status::Asking { .. } if self.form >= Form::Quorum => self.win_with_quorum(&mut state),
                    Status::Asking { .. } => self.win(&mut state),
                    Status::Leading if self.form >= Form::Quorum && !self.has_quorum(&state) => {
                        self.step_down(&mut state);
                    }
                    Status::Leading => self.send_heartbeats(&mut state),
                    Status::Inquiring { .. } | Status::AwaitingVictory | Status::Following { .. } => {
                        self.miss_leader(&mut state);
                    }
                }
            }
            let deadline = state.deadline;
            self.timer.wait_until(&mut state, deadline);
        }
    }
}

//! The one clock of a node. It notices when the leader is gone or an election has taken its time, and repeats
//! what a leader or a candidate sends.

use labrt::time::{Duration, Instant};

use crate::node::Bully;
use crate::state::Status;

/// How often a leader lets the lower nodes hear from it.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// How long a node waits to hear of its leader before it takes it for dead: a few heartbeats, so that a lost
/// one deposes nobody.
pub(crate) const LEADER_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the higher nodes have to answer before they are taken for dead: long enough to be asked twice,
/// and for a call to an unreachable node to fail in between.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_millis(400);

/// How soon a candidate asks again while nobody answers, for requests and answers get lost.
pub(crate) const ASK_INTERVAL: Duration = Duration::from_millis(200);

/// How long a candidate that was answered waits for a victory: twice as long as those above it need to find
/// out that nobody is above them.
pub(crate) const VICTORY_TIMEOUT: Duration = Duration::from_millis(800);

impl Bully {
    /// The timer's thread: waits for the next deadline, and does what is due.
    pub(crate) fn run_timer(&self) {
        let mut state = self.state.lock();
        while !state.killed {
            let now = Instant::now();
            if now >= state.deadline {
                match state.status {
                    Status::Asking { until } if now < until => self.ask_higher_nodes(&mut state, until),
                    Status::Asking { .. } => self.win(&mut state),
                    Status::AwaitingVictory | Status::Following { .. } => self.start_election(&mut state),
                    Status::Leading => self.send_heartbeats(&mut state),
                }
            }
            let deadline = state.deadline;
            self.timer.wait_until(&mut state, deadline);
        }
    }
}

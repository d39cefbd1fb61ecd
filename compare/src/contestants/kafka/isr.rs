//! Which replicas are in sync: the leader proposes, the controller decides.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use labrt::thread;

use super::broker::{Broker, State};
use super::controller::ControllerClient;
use super::messages::AlterIsr;

/// A follower that has not had the whole log for so long is not in sync (`replica.lag.time.max.ms`).
const MAX_LAG: Duration = Duration::from_millis(300);

/// How often the leader looks.
const INTERVAL: Duration = Duration::from_millis(50);

impl Broker {
    /// Proposes other replicas in sync whenever they have changed.
    pub fn watch_isr(self: &Arc<Self>) {
        while !self.is_stopped() {
            thread::sleep(INTERVAL);
            let proposal = {
                let mut state = self.state.lock();
                let isr = state.in_sync(self.me);
                if !state.leads(self.me) || isr == state.assignment.isr {
                    continue;
                }
                state.joining = isr.difference(&state.assignment.isr).copied().collect();
                AlterIsr { leader: self.me, version: state.assignment.version, isr }
            };
            if let Some(assignment) = self.controller().alter_isr(&proposal) {
                self.adopt(assignment);
            }
        }
    }
}

impl State {
    /// The leader, those in sync that have not fallen behind, and those that have all that is committed.
    fn in_sync(&self, leader: usize) -> BTreeSet<usize> {
        let is_in_sync = |follower: usize| {
            let Some(it) = self.followers.get(&follower) else { return follower == leader };
            let is_near = it.caught_up.elapsed() < MAX_LAG;
            is_near && (self.assignment.isr.contains(&follower) || it.offset >= self.high_watermark)
        };
        (0..=self.followers.len()).filter(|&replica| is_in_sync(replica)).collect()
    }
}

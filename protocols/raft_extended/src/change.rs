//! Changes of the cluster: bringing new servers up to date, and then joint consensus (§6).

use std::collections::BTreeSet;

use labapi::{ChangeError, LogIndex};
use labrt::time::{Duration, Instant};

use crate::log::Payload;
use crate::server::{PeerId, Server};
use crate::state::{Progress, Role, State};
use crate::timer::ELECTION_TIMEOUT;

/// How long new servers may take to come up to date.
const PATIENCE: Duration = Duration::from_secs(3);

/// A change whose new servers are not up to date. They get entries, and do not vote.
pub(crate) struct Joining {
    /// C_new.
    servers: BTreeSet<PeerId>,
    /// A round of replication goes up to this index, the leader's last at its beginning (thesis §4.2.1).
    round_end: LogIndex,
    round_began: Instant,
    /// When the change is given up.
    deadline: Instant,
}

impl Server {
    /// A request to change the cluster.
    pub(crate) fn begin_change(&self, servers: &[PeerId]) -> Result<(), ChangeError> {
        let wanted: BTreeSet<PeerId> = servers.iter().copied().collect();
        if wanted.is_empty() || wanted.len() < servers.len() {
            return Err(ChangeError::NoCluster);
        }
        let mut state = self.state.lock();
        let state = &mut *state;
        let Role::Leader(leadership) = &mut state.role else { return Err(ChangeError::NotLeader) };
        let (index, configuration) = state.log.configuration();
        let is_changing = configuration.incoming.is_some() || index > state.commit_index;
        if is_changing || leadership.joining.is_some() || leadership.transfer.is_some() {
            return Err(ChangeError::Busy);
        }
        if wanted == configuration.voters {
            return Ok(());
        }
        let (now, last_index) = (Instant::now(), state.log.last_index());
        let new: Vec<PeerId> = wanted.difference(&configuration.voters).copied().collect();
        for peer in &new {
            leadership.progress.insert(*peer, Progress::unknown(last_index));
        }
        let deadline = now + PATIENCE;
        leadership.joining =
            Some(Joining { servers: wanted, round_end: last_index, round_began: now, deadline });
        self.send_heartbeats(state);
        self.advance_change(state);
        Ok(())
    }

    /// Begins joint consensus when the new servers have what the leader had a short time ago: "once the new
    /// servers have caught up with the rest of the cluster, the reconfiguration can proceed" (§6).
    pub(crate) fn advance_change(&self, state: &mut State) {
        let (now, last_index) = (Instant::now(), state.log.last_index());
        let configuration = state.log.configuration().1.clone();
        let Some(leadership) = state.leadership() else { return };
        let Some(joining) = &mut leadership.joining else { return };
        let has_caught_up = |peer: &PeerId| {
            leadership.progress.get(peer).is_some_and(|it| it.match_index >= joining.round_end)
        };
        if !joining.servers.difference(&configuration.voters).all(has_caught_up) {
            return;
        }
        if now > joining.round_began + ELECTION_TIMEOUT.start {
            // Meanwhile much may have been added.
            (joining.round_end, joining.round_began) = (last_index, now);
            return;
        }
        let joint = configuration.joint(joining.servers.clone());
        leadership.joining = None;
        log::info!("goes through joint consensus to {:?}", joint.incoming);
        self.append(state, Payload::Configuration(joint));
    }

    /// Goes on with a change when its configuration is committed, whichever leader has begun it.
    pub(crate) fn continue_change(&self, state: &mut State) {
        let (index, configuration) = state.log.configuration();
        if index > state.commit_index {
            return;
        }
        if let Some(incoming) = configuration.incoming.clone() {
            // C_old,new is committed: C_new can be created.
            self.append(state, Payload::Configuration(crate::membership::Configuration::of(incoming)));
            return;
        }
        let configuration = configuration.clone();
        let Some(leadership) = state.leadership() else { return };
        let joining = leadership.joining.as_ref();
        leadership.progress.retain(|peer, _| {
            configuration.has(*peer) || joining.is_some_and(|it| it.servers.contains(peer))
        });
        if !configuration.has(self.me) {
            // "The leader steps down once it has committed the C_new log entry" (§6).
            log::info!("is in the cluster no longer");
            self.stop_leading(state);
        }
    }

    /// Gives up a change whose new servers do not come up to date.
    pub(crate) fn give_up_change(&self, state: &mut State) {
        let configuration = state.log.configuration().1.clone();
        let Some(leadership) = state.leadership() else { return };
        if leadership.joining.as_ref().is_some_and(|joining| Instant::now() >= joining.deadline) {
            log::info!("gives up a change of the cluster: new servers do not answer");
            leadership.joining = None;
            leadership.progress.retain(|peer, _| configuration.has(*peer));
        }
    }
}

//! [`Leader`]: what a server knows that leads, or is about to.

use std::collections::{BTreeMap, BTreeSet};

use labapi::Zxid;
use labrt::sync::MutexGuard;
use labrt::time::{Duration, Instant};

use crate::server::{Role, Server, State};
use crate::vote::ServerId;

/// How long a question of a follower waits for others. Shorter than the follower waits for the answer.
const HANDLER_TIMEOUT: Duration = Duration::from_millis(60);

/// A leader, from its election on.
pub(crate) struct Leader {
    /// Discovery: the accepted epochs of the voters that want to follow, its own included.
    pub(crate) accepted_epochs: BTreeMap<ServerId, u32>,
    /// Its epoch, as soon as it has proposed one.
    pub(crate) epoch: Option<u32>,
    /// The voters that have accepted this epoch from it.
    pub(crate) epoch_acks: BTreeSet<ServerId>,
    /// Whether they are a quorum, so that the leader's history is the one to take over.
    pub(crate) is_synchronising: bool,
    /// Synchronisation: the voters that have taken over its history.
    pub(crate) new_leader_acks: BTreeSet<ServerId>,
    /// Whether they are a quorum. From then on it serves.
    pub(crate) established: bool,
    /// Broadcast: the servers that have taken over its history, observers included.
    pub(crate) followers: BTreeMap<ServerId, Progress>,
    /// What was committed when it last sent something.
    pub(crate) announced: Zxid,
    /// How often it has sent something.
    pub(crate) broadcasts: u64,
}

/// What a leader knows of another server.
pub(crate) struct Progress {
    /// It has saved everything up to here.
    pub(crate) acked: Zxid,
    /// It was sent everything up to here.
    pub(crate) sent: Zxid,
    /// When the last message that it has answered was sent.
    pub(crate) heard: Instant,
    /// The number of the last broadcast that it has answered.
    pub(crate) answered: u64,
}

impl State {
    /// The leader that this server is.
    pub(crate) fn leader(&mut self) -> Option<&mut Leader> {
        match &mut self.role {
            Role::Leading(leader) => Some(leader),
            _ => None,
        }
    }

    /// The leader of this epoch that this server is.
    pub(crate) fn leader_of(&mut self, epoch: u32) -> Option<&mut Leader> {
        self.leader().filter(|leader| leader.epoch == Some(epoch))
    }
}

impl Server {
    /// The server is elected, and waits for followers.
    pub(crate) fn lead(&self, state: &mut State) {
        let leader = Leader {
            accepted_epochs: BTreeMap::from([(self.me, state.accepted_epoch)]),
            epoch: None,
            epoch_acks: BTreeSet::from([self.me]),
            is_synchronising: false,
            new_leader_acks: BTreeSet::from([self.me]),
            established: false,
            followers: BTreeMap::new(),
            announced: Zxid::ZERO,
            broadcasts: 0,
        };
        state.await_synchronisation();
        self.take_role(state, Role::Leading(leader));
        self.choose_epoch(state);
    }

    /// Waits, in a handler, until `ready` has a result, but not for long.
    pub(crate) fn wait_for<T>(
        &self,
        state: &mut MutexGuard<'_, State>,
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + HANDLER_TIMEOUT;
        loop {
            if let Some(result) = ready(state) {
                return Some(result);
            }
            if state.killed || self.progress.wait_until(state, deadline).timed_out() {
                return None;
            }
        }
    }
}

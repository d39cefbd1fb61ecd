//! One server: its state, how it starts, and what its service and the other servers can ask of it.

use std::sync::Weak;

use labapi::{Delivery, Zab, ZabConfig, ZabRole, ZabState, Zxid};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Sender};
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use labrt::time::{Duration, Instant};
use persister::Storage;

use crate::discovery::Follower;
use crate::election::Election;
use crate::history::History;
use crate::leader::Leader;
use crate::messages::{
    Ack, AckEpoch, AckNewLeader, FollowerInfo, NewEpoch, NewLeader, Notification, Proposal, Sync, Synced,
    UpToDate,
};
use crate::vote::{ServerId, Vote};

/// How long an answer is waited for. A message may be lost, and an answer may come seconds late.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_millis(150);

/// One server.
pub(crate) struct Server {
    /// This server itself, for the threads that it starts.
    this: Weak<Server>,
    pub(crate) me: ServerId,
    /// One end a server. The one at `me` is not used.
    pub(crate) peers: Vec<ClientEnd>,
    /// The servers that are counted. The others are observers.
    pub(crate) voters: Vec<ServerId>,
    /// The highest counter of a zxid.
    pub(crate) counter_limit: u32,
    pub(crate) storage: Storage,
    /// Everything that changes. Never held across a call to another server, or while the service is handed
    /// anything.
    pub(crate) state: Mutex<State>,
    /// Wakes the timer: there is something to send, or its deadline was moved forward.
    pub(crate) timer: Condvar,
    /// Wakes the applier: more is committed.
    pub(crate) applier: Condvar,
    /// Wakes those who wait for others: the role has changed, or a quorum has answered.
    pub(crate) progress: Condvar,
}

/// Everything that changes on a server.
pub(crate) struct State {
    /// The last epoch that this server has accepted: it takes part in no lower one. Saved.
    pub(crate) accepted_epoch: u32,
    /// The epoch of the last leader whose history it has taken over. Saved.
    pub(crate) current_epoch: u32,
    /// What it has accepted. Saved.
    pub(crate) history: History,
    /// The snapshot of the service up to the base of the history. Saved.
    pub(crate) snapshot: Vec<u8>,
    /// All transactions up to this one are committed, as far as the server knows.
    pub(crate) committed: Zxid,
    /// The service was handed everything up to this one.
    pub(crate) applied: Zxid,
    pub(crate) role: Role,
    /// The number of its changes of role: what belongs to an earlier one has no effect.
    pub(crate) session: u64,
    /// The number of the election: the present one, or the last.
    pub(crate) round: u64,
    /// The vote in it.
    pub(crate) vote: Vote,
    /// When the timer does something if nothing happens before.
    pub(crate) deadline: Instant,
    pub(crate) killed: bool,
}

/// What a server does (ZooKeeper's states).
pub(crate) enum Role {
    Looking(Election),
    /// Also an observer's.
    Following(Follower),
    Leading(Leader),
}

/// Starts a server, with what an earlier incarnation saved if there was one. Returns at once.
pub(crate) fn make(config: ZabConfig, storage: Storage, service: Sender<Delivery>) -> Arc<dyn Zab> {
    let ZabConfig { peers, me, voters, counter_limit } = config;
    let server = Arc::new_cyclic(|this| Server {
        this: this.clone(),
        me,
        peers,
        voters,
        counter_limit,
        state: Mutex::new(State::restore(&storage, me)),
        storage,
        timer: Condvar::new(),
        applier: Condvar::new(),
        progress: Condvar::new(),
    });
    server.spawn("timer", Server::run_timer);
    server.spawn("applier", move |server| server.run_applier(&service));
    server
}

impl Server {
    /// Runs `work` on a thread of its own, and discards its result.
    pub(crate) fn spawn<T>(&self, name: &'static str, work: impl FnOnce(&Server) -> T + Send + 'static) {
        let this = self.this.upgrade().expect("whoever calls a method holds the server");
        thread::Builder::new()
            .name(name)
            .spawn(move || {
                work(&this);
            })
            .expect("the system has room for one more thread");
    }

    /// Calls another server, and waits for the answer, but not for long.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        name: &'static str,
        call: impl FnOnce(&Server) -> Option<T> + Send + 'static,
    ) -> Option<T> {
        let (sender, answer) = channel::bounded(1);
        self.spawn(name, move |server| {
            if let Some(answer) = call(server) {
                let _ = sender.send(answer); // perhaps nobody waits any more
            }
        });
        answer.recv_timeout(ANSWER_TIMEOUT).ok()
    }

    /// All servers but this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = ServerId> + use<> {
        let me = self.me;
        (0..self.peers.len()).filter(move |peer| *peer != me)
    }

    pub(crate) fn is_voter(&self, server: ServerId) -> bool {
        self.voters.contains(&server)
    }

    /// Whether so many voters are a quorum: more than half. Any two quorums have a voter in common.
    pub(crate) fn is_quorum(&self, voters: usize) -> bool {
        voters > self.voters.len() / 2
    }

    /// The server has a new role.
    pub(crate) fn take_role(&self, state: &mut State, role: Role) {
        state.role = role;
        state.session += 1;
        self.timer.notify_one();
        self.progress.notify_all();
    }

    /// All transactions up to this one are committed, if the history has them.
    pub(crate) fn commit(&self, state: &mut State, zxid: Zxid) {
        let known = zxid.min(state.history.last());
        if known > state.committed {
            state.committed = known;
            self.applier.notify_one();
        }
    }
}

impl Zab for Server {
    fn propose(&self, transaction: Vec<u8>) -> Option<Zxid> {
        self.propose_transaction(transaction)
    }

    fn state(&self) -> ZabState {
        let state = self.state.lock();
        let role = match &state.role {
            Role::Following(follower) if follower.is_up_to_date() => {
                if self.is_voter(self.me) {
                    ZabRole::Following
                } else {
                    ZabRole::Observing
                }
            }
            Role::Leading(leader) if leader.established => ZabRole::Leading,
            _ => ZabRole::Looking,
        };
        ZabState { role, epoch: state.current_epoch }
    }

    fn sync(&self) -> Option<Zxid> {
        self.sync_with_leader()
    }

    fn snapshot(&self, zxid: Zxid, snapshot: Vec<u8>) {
        self.compact(zxid, snapshot);
    }

    fn kill(&self) {
        let mut state = self.state.lock();
        state.killed = true;
        state.role = Role::Looking(Election::new());
        self.timer.notify_all();
        self.applier.notify_all();
        self.progress.notify_all();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// The RPCs that the other servers call. `None`: not now.
#[labrpc::service]
impl Server {
    /// Election.
    fn notify(&self, args: Notification) -> Notification {
        self.handle_notification(args)
    }

    /// Discovery: a follower comes.
    fn follower_info(&self, args: FollowerInfo) -> Option<NewEpoch> {
        self.handle_follower_info(&args)
    }

    /// Discovery: it has accepted the epoch. Synchronisation begins.
    fn ack_epoch(&self, args: AckEpoch) -> Option<NewLeader> {
        self.handle_ack_epoch(&args)
    }

    /// Synchronisation: it has taken over the history.
    fn ack_new_leader(&self, args: AckNewLeader) -> Option<UpToDate> {
        self.handle_ack_new_leader(&args)
    }

    /// Broadcast.
    fn propose_transactions(&self, args: Proposal) -> Option<Ack> {
        self.handle_proposal(args)
    }

    /// A server wants to know what is committed.
    fn sync_read(&self, args: Sync) -> Option<Synced> {
        self.handle_sync(&args)
    }
}

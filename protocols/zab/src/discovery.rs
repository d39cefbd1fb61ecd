//! Phase 1, discovery: a leader finds an epoch that is new to a quorum, and makes sure that no follower of
//! the quorum knows more than itself.
//!
//! A server that accepts an epoch takes part in no lower one. So earlier leaders have lost their quorum.

use labrt::thread;
use labrt::time::{Duration, Instant};

use crate::messages::{AckEpoch, FollowerInfo, NewEpoch, NewLeader};
use crate::server::{Role, Server, ServerClient, State};
use crate::timer::INIT_LIMIT;
use crate::vote::ServerId;

/// The pause before a follower asks again.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// A server that follows, from its decision on.
pub(crate) struct Follower {
    pub(crate) leader: ServerId,
    pub(crate) phase: Phase,
}

/// How far a follower has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Phases 1 and 2.
    Recovery,
    /// It has the leader's history, and does not know whether a quorum has it.
    Synchronised,
    /// Phase 3.
    Broadcast,
}

impl Follower {
    pub(crate) fn is_up_to_date(&self) -> bool {
        self.phase == Phase::Broadcast
    }
}

/// The follower's side.
impl Server {
    /// Follows this leader, whether or not it knows that it leads.
    pub(crate) fn follow(&self, state: &mut State, leader: ServerId) {
        state.await_synchronisation();
        self.take_role(state, Role::Following(Follower { leader, phase: Phase::Recovery }));
        let session = state.session;
        self.spawn("recover", move |server| server.recover(session, leader));
    }

    /// Phases 1 and 2. `None` if they fail: then the timer looks for a leader again.
    fn recover(&self, session: u64, leader: ServerId) -> Option<()> {
        let accepted_epoch = self.in_session(session, |_, state| Some(state.accepted_epoch))?;
        let info = FollowerInfo { from: self.me, accepted_epoch };
        let NewEpoch { epoch } = self.ask_leader(session, "follower_info", move |server| {
            server.peers[leader].follower_info(&info).flatten()
        })?;
        let ack = self.in_session(session, |server, state| server.accept_epoch(state, epoch))?;
        let new_leader = self
            .ask_leader(session, "ack_epoch", move |server| server.peers[leader].ack_epoch(&ack).flatten())?;
        let ack = self.in_session(session, |server, state| server.synchronise(state, new_leader))?;
        let up_to_date = self.ask_leader(session, "ack_new_leader", move |server| {
            server.peers[leader].ack_new_leader(&ack).flatten()
        })?;
        self.in_session(session, |server, state| {
            server.begin_broadcast(state, up_to_date.committed);
            Some(())
        })
    }

    /// Does something with the state, unless the server has left the leader meanwhile.
    fn in_session<T>(&self, session: u64, work: impl FnOnce(&Self, &mut State) -> Option<T>) -> Option<T> {
        let mut state = self.state.lock();
        if state.session == session && !state.killed { work(self, &mut state) } else { None }
    }

    /// Asks the leader until it answers, for as long as this server follows it. Later questions are as good
    /// as the first one: the leader does the same again.
    fn ask_leader<T: Send + 'static>(
        &self,
        session: u64,
        name: &'static str,
        ask: impl Fn(&Server) -> Option<T> + Clone + Send + 'static,
    ) -> Option<T> {
        let deadline = Instant::now() + INIT_LIMIT;
        loop {
            if let Some(answer) = self.ask(name, ask.clone()) {
                return Some(answer);
            }
            self.in_session(session, |_, _| (Instant::now() < deadline).then_some(()))?;
            thread::sleep(RETRY_PAUSE);
        }
    }

    /// NEWEPOCH has come. A lower epoch than the accepted one is left.
    fn accept_epoch(&self, state: &mut State, epoch: u32) -> Option<AckEpoch> {
        if epoch < state.accepted_epoch {
            self.look(state);
            return None;
        }
        let is_new = epoch > state.accepted_epoch;
        if is_new {
            state.accepted_epoch = epoch;
            self.save_accepted_epoch(state);
        }
        let (current_epoch, last_zxid) = (state.current_epoch, state.history.last());
        Some(AckEpoch { from: self.me, epoch, is_new, current_epoch, last_zxid })
    }
}

/// The leader's side.
impl Server {
    pub(crate) fn handle_follower_info(&self, args: &FollowerInfo) -> Option<NewEpoch> {
        let mut state = self.state.lock();
        // A follower may know of its election before the leader does.
        self.wait_for(&mut state, |state| state.leader().map(drop))?;
        let leader = state.leader()?;
        if leader.epoch.is_some_and(|epoch| epoch < args.accepted_epoch) {
            // The epoch is over for the follower. It takes a new one to bring them together.
            self.look(&mut state);
            return None;
        }
        if self.is_voter(args.from) {
            leader.accepted_epochs.insert(args.from, args.accepted_epoch);
            self.choose_epoch(&mut state);
        }
        let epoch = self.wait_for(&mut state, |state| state.leader()?.epoch)?;
        Some(NewEpoch { epoch })
    }

    /// The epoch is one more than any that a quorum has accepted.
    pub(crate) fn choose_epoch(&self, state: &mut State) {
        let Some(leader) = state.leader() else { return };
        if leader.epoch.is_some() || !self.is_quorum(leader.accepted_epochs.len()) {
            return;
        }
        let highest = leader.accepted_epochs.values().max().expect("a quorum is not empty");
        let epoch = highest + 1;
        leader.epoch = Some(epoch);
        state.accepted_epoch = epoch;
        self.save_accepted_epoch(state);
        self.progress.notify_all();
        self.begin_synchronisation(state);
    }

    /// ACKEPOCH has come. The answer is NEWLEADER.
    pub(crate) fn handle_ack_epoch(&self, args: &AckEpoch) -> Option<NewLeader> {
        let mut state = self.state.lock();
        let own = (state.current_epoch, state.history.last());
        let leader = state.leader_of(args.epoch)?;
        if self.is_voter(args.from) {
            if (args.current_epoch, args.last_zxid) > own {
                self.look(&mut state); // the follower knows more
                return None;
            }
            if args.is_new {
                leader.epoch_acks.insert(args.from);
            }
        }
        self.begin_synchronisation(&mut state);
        self.wait_for(&mut state, |state| {
            let is_ready = state.leader_of(args.epoch)?.is_synchronising;
            is_ready.then(|| state.synchronisation(args.epoch, args.last_zxid))
        })
    }
}

//! Phase 2, synchronisation: a quorum takes over the leader's history. From then on all of it is committed.

use labapi::Zxid;
use labrt::time::Instant;

use crate::discovery::Phase;
use crate::leader::Progress;
use crate::messages::{AckNewLeader, NewLeader, Snapshot, Start, UpToDate};
use crate::server::{Role, Server, State};

/// The leader's side.
impl Server {
    /// A quorum has accepted the epoch: the leader takes it up.
    pub(crate) fn begin_synchronisation(&self, state: &mut State) {
        let Some(leader) = state.leader() else { return };
        let Some(epoch) = leader.epoch else { return };
        if leader.is_synchronising || !self.is_quorum(leader.epoch_acks.len()) {
            return;
        }
        leader.is_synchronising = true;
        state.current_epoch = epoch;
        self.save_current_epoch(state);
        self.progress.notify_all();
        self.establish(state);
    }

    /// ACK of NEWLEADER has come. The answer is UPTODATE.
    pub(crate) fn handle_ack_new_leader(&self, args: &AckNewLeader) -> Option<UpToDate> {
        let mut state = self.state.lock();
        let is_voter = self.is_voter(args.from);
        let leader = state.leader_of(args.epoch)?;
        let progress = leader.followers.entry(args.from).or_insert_with(|| Progress {
            acked: args.last_zxid,
            sent: args.last_zxid,
            heard: Instant::now(),
            answered: 0,
        });
        // What it is sent from now on continues what it has. It may have come to know less of what was sent.
        progress.acked = progress.acked.max(args.last_zxid);
        progress.sent = progress.acked;
        if is_voter {
            leader.new_leader_acks.insert(args.from);
        }
        self.establish(&mut state);
        self.count_acks(&mut state);
        self.wait_for(&mut state, |state| {
            let is_ready = state.leader_of(args.epoch)?.established;
            is_ready.then_some(UpToDate { epoch: args.epoch, committed: state.committed })
        })
    }

    /// A quorum has taken over the history: it is committed, and the leader serves.
    fn establish(&self, state: &mut State) {
        let Some(leader) = state.leader() else { return };
        if leader.established || !leader.is_synchronising || !self.is_quorum(leader.new_leader_acks.len()) {
            return;
        }
        leader.established = true;
        let last = state.history.last();
        self.commit(state, last);
        state.deadline = Instant::now();
        self.timer.notify_one();
        self.progress.notify_all();
    }
}

impl State {
    /// How a follower whose history ends with `last` gets the leader's history.
    ///
    /// ZooKeeper's rules are about what is in memory and what is on disk besides; here a history has one
    /// place. If the leader does not have `last`, no quorum has it, and the follower drops it: it has the
    /// transaction before it, as the leader does.
    pub(crate) fn synchronisation(&self, epoch: u32, last: Zxid) -> NewLeader {
        let base = self.history.base();
        if last < base {
            let snapshot = Snapshot { zxid: base, bytes: self.snapshot.clone() };
            let transactions = self.history.after(base).to_vec();
            return NewLeader { epoch, start: Start::Snap(snapshot), transactions };
        }
        let common = self.history.last_up_to(last);
        let start = if common == last { Start::Diff } else { Start::Trunc(common) };
        NewLeader { epoch, start, transactions: self.history.after(common).to_vec() }
    }
}

/// The follower's side.
impl Server {
    /// NEWLEADER has come: saves the leader's history, and then its epoch. In the other order, a crash
    /// between the two would leave a server that seems to know the history of that epoch, and may be elected.
    pub(crate) fn synchronise(&self, state: &mut State, new_leader: NewLeader) -> Option<AckNewLeader> {
        let NewLeader { epoch, start, transactions } = new_leader;
        if epoch != state.accepted_epoch {
            return None;
        }
        let (snapshot, dropped) = match start {
            Start::Diff => (None, Vec::new()),
            Start::Trunc(to) => {
                debug_assert!(to >= state.committed, "what is committed stays");
                (None, state.history.truncate(to))
            }
            Start::Snap(snapshot) => {
                let dropped = state.history.compact(snapshot.zxid);
                state.snapshot = snapshot.bytes.clone();
                (Some(snapshot), dropped)
            }
        };
        state.history.extend(&transactions);
        self.save_history(snapshot.as_ref(), &dropped, &transactions);
        self.commit(state, state.history.base());

        state.current_epoch = epoch;
        self.save_current_epoch(state);
        self.enter_phase(state, Phase::Synchronised);
        Some(AckNewLeader { from: self.me, epoch, last_zxid: state.history.last() })
    }

    /// UPTODATE has come.
    pub(crate) fn begin_broadcast(&self, state: &mut State, committed: Zxid) {
        self.enter_phase(state, Phase::Broadcast);
        self.commit(state, committed);
        state.await_leader();
    }

    fn enter_phase(&self, state: &mut State, phase: Phase) {
        if let Role::Following(follower) = &mut state.role {
            follower.phase = phase;
        }
    }
}

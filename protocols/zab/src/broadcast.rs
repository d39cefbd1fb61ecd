//! Phase 3, broadcast: the leader proposes transactions, and commits what a quorum has saved.
//!
//! Messages are numbered by zxids instead of being sent over a channel that keeps them in order: a follower
//! takes what continues its history, and its acknowledgement says how far that goes. What was lost is sent
//! again with the next ping.

use labapi::Zxid;
use labrt::time::Instant;

use crate::discovery::Phase;
use crate::history::Transaction;
use crate::leader::Leader;
use crate::messages::{Ack, Proposal};
use crate::server::{Role, Server, ServerClient, State};
use crate::timer::SYNC_LIMIT;
use crate::vote::ServerId;

/// The leader's side.
impl Server {
    /// Proposes a transaction, if this server is an established leader. Its own history is the first to have
    /// it.
    pub(crate) fn propose_transaction(&self, transaction: Vec<u8>) -> Option<Zxid> {
        let mut state = self.state.lock();
        state.leader().filter(|leader| leader.established)?;
        let (epoch, last) = (state.current_epoch, state.history.last());
        let counter = if last.epoch == epoch { last.counter } else { 0 };
        if counter == self.counter_limit {
            self.look(&mut state); // the next epoch counts from 1 again
            return None;
        }
        let zxid = Zxid { epoch, counter: counter + 1 };
        self.accept(&mut state, &[Transaction { zxid, transaction }]);
        self.count_acks(&mut state);
        self.timer.notify_one();
        Some(zxid)
    }

    /// Whether there is something that was not sent to everyone.
    pub(crate) fn has_news(&self, state: &State, leader: &Leader) -> bool {
        leader.announced < state.committed
            || leader.followers.iter().any(|(peer, progress)| progress.sent < self.due_to(*peer, state))
    }

    /// What a server has to be sent: a follower all that is proposed, an observer what is committed.
    fn due_to(&self, peer: ServerId, state: &State) -> Zxid {
        if self.is_voter(peer) { state.history.last() } else { state.committed }
    }

    /// Sends all servers what is new; or, if a ping is due, whatever each of them has not acknowledged. A
    /// leader that a quorum does not answer gives up.
    pub(crate) fn broadcast(&self, state: &mut State, is_due: bool) {
        let (epoch, committed) = (state.current_epoch, state.committed);
        let now = Instant::now();
        let due: Vec<(ServerId, Zxid)> = self.others().map(|peer| (peer, self.due_to(peer, state))).collect();
        let Role::Leading(leader) = &mut state.role else { return };
        let in_touch =
            leader.followers.iter().filter(|(peer, it)| self.is_voter(**peer) && now < it.heard + SYNC_LIMIT);
        if is_due && !self.is_quorum(1 + in_touch.count()) {
            return self.look(state);
        }
        leader.announced = committed;
        leader.broadcasts += 1;
        let number = leader.broadcasts;
        for (peer, due) in due {
            let Some(progress) = leader.followers.get_mut(&peer) else { continue };
            let after = if is_due { progress.acked } else { progress.sent };
            if after < state.history.base() {
                // A snapshot has replaced what it needs. It will notice that it is told nothing any more.
                leader.followers.remove(&peer);
                continue;
            }
            progress.sent = due;
            let transactions = state.history.between(after, due).to_vec();
            let proposal = Proposal { leader: self.me, epoch, after, transactions, committed };
            self.spawn("propose", move |server| {
                if let Some(Some(ack)) = server.peers[peer].propose_transactions(&proposal) {
                    server.handle_ack(peer, epoch, number, now, &ack);
                }
            });
        }
        if is_due {
            state.await_ping();
        }
    }

    /// A server has answered what it was sent at some time, in the broadcast of this number.
    fn handle_ack(&self, from: ServerId, epoch: u32, number: u64, sent_at: Instant, ack: &Ack) {
        let mut state = self.state.lock();
        let Some(leader) = state.leader_of(epoch) else { return };
        let Some(progress) = leader.followers.get_mut(&from) else { return };
        progress.acked = progress.acked.max(ack.zxid);
        progress.heard = progress.heard.max(sent_at);
        progress.answered = progress.answered.max(number);
        self.progress.notify_all();
        self.count_acks(&mut state);
    }

    /// What a quorum of voters has saved is committed, and so is everything before it.
    pub(crate) fn count_acks(&self, state: &mut State) {
        let last = state.history.last();
        let Some(leader) = state.leader().filter(|leader| leader.established) else { return };
        let followers = leader.followers.iter().filter(|(peer, _)| self.is_voter(**peer));
        let mut acked: Vec<Zxid> = followers.map(|(_, progress)| progress.acked).chain([last]).collect();
        acked.sort_unstable_by(|one, other| other.cmp(one));
        if let Some(&committed) = acked.get(self.voters.len() / 2) {
            self.commit(state, committed);
            self.timer.notify_one();
        }
    }
}

/// The follower's side, and the observer's.
impl Server {
    pub(crate) fn handle_proposal(&self, args: Proposal) -> Option<Ack> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Role::Following(follower) = &mut state.role else { return None };
        let is_synchronised = follower.phase != Phase::Recovery && args.epoch == state.current_epoch;
        if follower.leader != args.leader || !is_synchronised {
            return None;
        }
        follower.phase = Phase::Broadcast;
        state.await_leader();
        let last = state.history.last();
        if args.after <= last {
            let known = args.transactions.partition_point(|it| it.zxid <= last);
            self.accept(state, &args.transactions[known..]);
        }
        self.commit(state, args.committed);
        Some(Ack { zxid: state.history.last() })
    }

    /// Appends transactions to the history, and saves them.
    fn accept(&self, state: &mut State, transactions: &[Transaction]) {
        if !transactions.is_empty() {
            state.history.extend(transactions);
            self.save_history(None, &[], transactions);
        }
    }
}

//! Fast leader election, as in ZooKeeper's `FastLeaderElection`: every looking server sends its vote to all
//! voters, and changes it for a better one that it hears of.
//!
//! An election only finds a server that is worth a try. That at most one leader is established in an epoch
//! does not depend on it, but on discovery.

use std::collections::BTreeMap;

use labrt::time::{Duration, Instant};

use crate::messages::{Doing, Notification};
use crate::server::{Role, Server, ServerClient, State};
use crate::vote::{ServerId, Vote};

/// How long a server that has a quorum for its vote waits for a better vote.
const FINALIZE_WAIT: Duration = Duration::from_millis(50);

/// When votes are sent again if nothing comes. It doubles each time, up to the second one.
const FIRST_RESEND: Duration = Duration::from_millis(100);
const LONGEST_RESEND: Duration = Duration::from_millis(800);

/// An election, as a looking server sees it.
pub(crate) struct Election {
    /// The votes of the looking servers in this round, its own included.
    votes: BTreeMap<ServerId, Vote>,
    /// What servers outside of the election have said last.
    outside: BTreeMap<ServerId, Notification>,
    /// When the vote is final, if a quorum has it.
    decide_at: Option<Instant>,
    resend_at: Instant,
    resend_after: Duration,
}

impl Election {
    /// An election in which nobody has voted.
    pub(crate) fn new() -> Self {
        Self {
            votes: BTreeMap::new(),
            outside: BTreeMap::new(),
            decide_at: None,
            resend_at: Instant::now() + FIRST_RESEND,
            resend_after: FIRST_RESEND,
        }
    }

    fn deadline(&self) -> Instant {
        self.decide_at.map_or(self.resend_at, |decide_at| decide_at.min(self.resend_at))
    }
}

impl State {
    /// The vote of a server for itself.
    pub(crate) fn own_vote(&self, me: ServerId) -> Vote {
        Vote { epoch: self.current_epoch, zxid: self.history.last(), leader: me }
    }
}

impl Server {
    /// Looks for a leader, in a new round.
    pub(crate) fn look(&self, state: &mut State) {
        state.round += 1;
        self.take_role(state, Role::Looking(Election::new()));
        self.adopt_vote(state, state.own_vote(self.me));
    }

    /// Votes so from now on, and tells all voters.
    fn adopt_vote(&self, state: &mut State, vote: Vote) {
        state.vote = vote;
        if let Role::Looking(election) = &mut state.role {
            election.decide_at = None;
            election.resend_at = Instant::now() + election.resend_after;
        }
        self.count_votes(state);
        self.send_notifications(state);
    }

    /// What this server tells of itself.
    fn notification(&self, state: &State) -> Notification {
        let doing = match state.role {
            Role::Looking(_) => Doing::Looking,
            Role::Following(_) => Doing::Following,
            Role::Leading(_) => Doing::Leading,
        };
        Notification { from: self.me, doing, round: state.round, vote: state.vote }
    }

    fn send_notifications(&self, state: &State) {
        let notification = self.notification(state);
        for peer in self.others().filter(|peer| self.is_voter(*peer)) {
            let notification = notification.clone();
            self.spawn("notify", move |server| {
                if let Some(answer) = server.peers[peer].notify(&notification) {
                    server.hear(&mut server.state.lock(), answer);
                }
            });
        }
    }

    /// A server tells of itself, and is answered in the same way.
    pub(crate) fn handle_notification(&self, args: Notification) -> Notification {
        let mut state = self.state.lock();
        self.hear(&mut state, args);
        self.notification(&state)
    }

    /// Takes a notification into account. What observers say is ignored.
    fn hear(&self, state: &mut State, heard: Notification) {
        if !matches!(state.role, Role::Looking(_)) || !self.is_voter(heard.from) {
            return;
        }
        if heard.doing == Doing::Looking {
            self.hear_vote(state, &heard);
        } else {
            self.hear_from_outside(state, heard);
        }
    }

    /// A looking server votes.
    fn hear_vote(&self, state: &mut State, heard: &Notification) {
        let Role::Looking(election) = &mut state.role else { return };
        if heard.round < state.round || !self.is_voter(self.me) {
            return; // the sender learns of the round from the answer
        }
        let mut best = state.vote;
        if heard.round > state.round {
            state.round = heard.round;
            election.votes.clear();
            best = state.own_vote(self.me);
        }
        best = best.max(heard.vote);
        let Role::Looking(election) = &mut state.role else { return };
        election.votes.insert(heard.from, heard.vote);
        if best != state.vote || !election.votes.contains_key(&self.me) {
            self.adopt_vote(state, best);
        } else {
            self.count_votes(state);
        }
    }

    /// If a quorum has the vote of this server, it is final after a short wait.
    fn count_votes(&self, state: &mut State) {
        let vote = state.vote;
        let Role::Looking(election) = &mut state.role else { return };
        if self.is_voter(self.me) {
            election.votes.insert(self.me, vote);
        }
        let voters = election.votes.values().filter(|it| **it == vote).count();
        election.decide_at = if !self.is_quorum(voters) {
            None
        } else {
            election.decide_at.or_else(|| Some(Instant::now() + FINALIZE_WAIT))
        };
        state.deadline = election.deadline();
        self.timer.notify_one();
    }

    /// A server has a leader. If a quorum has the same one, which says that it leads, this server joins.
    fn hear_from_outside(&self, state: &mut State, heard: Notification) {
        let Role::Looking(election) = &mut state.role else { return };
        let (leader, round) = (heard.vote.leader, heard.round);
        if round == state.round {
            election.votes.insert(heard.from, heard.vote);
        }
        election.outside.insert(heard.from, heard.clone());
        let followers = election.outside.values().filter(|it| it.vote.leader == leader).count();
        let leads = election.outside.get(&leader).is_some_and(|it| it.doing == Doing::Leading);
        if self.is_quorum(followers) && leads {
            state.round = round;
            state.vote = heard.vote;
            self.follow(state, leader);
        } else {
            self.count_votes(state);
        }
    }

    /// The timer of a looking server: decides, or sends its vote again.
    pub(crate) fn on_election_timer(&self, state: &mut State) {
        let now = Instant::now();
        let Role::Looking(election) = &mut state.role else { return };
        if election.decide_at.is_some_and(|decide_at| decide_at <= now) {
            let leader = state.vote.leader;
            return if leader == self.me { self.lead(state) } else { self.follow(state, leader) };
        }
        if election.resend_at <= now {
            election.resend_after = (2 * election.resend_after).min(LONGEST_RESEND);
            election.resend_at = now + election.resend_after;
            state.deadline = election.deadline();
            self.send_notifications(state);
        }
    }
}

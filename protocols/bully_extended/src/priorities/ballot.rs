//! The candidate: when it stands, and how it wins.

use labrt::rand::{RngExt, rng};
use labrt::time::{Duration, Instant};

use super::messages::VoteRequest;
use super::node::{Node, NodeClient, State};

/// How long a candidate waits for votes. Later ones count for nothing.
const BALLOT_TIMEOUT: Duration = Duration::from_millis(400);

/// The longest time that a candidate waits before it asks again, in milliseconds.
const LONGEST_RETREAT: u64 = 1000;

/// A ballot that is held.
pub(super) struct Ballot {
    /// Its number among those of this node.
    number: u64,
    /// Whether it only asks what the votes would be.
    is_trial: bool,
    /// The votes so far.
    votes: i64,
    /// The nodes that have not answered.
    silent: usize,
    /// The time at which it ends, whoever has not answered.
    pub until: Instant,
}

impl Node {
    /// Stands for election, if nobody else should lead and a majority is there.
    pub(super) fn consider_standing(&self, state: &mut State) {
        let mine = self.priorities[self.me];
        let is_led = self.leader_among(state).is_some_and(|leader| self.priorities[leader] >= mine);
        let is_best = self.alive(state).all(|node| self.priorities[node] <= mine);
        if is_led || !is_best || state.ballot.is_some() || self.alive(state).count() < self.majority() {
            return;
        }
        self.ask_for_votes(state, true);
    }

    /// Votes for itself, and asks all others. A trial locks no votes: a candidate that cannot win leaves them
    /// to others. So does a node that has voted for another one.
    fn ask_for_votes(&self, state: &mut State, is_trial: bool) {
        let request = VoteRequest { candidate: self.me, is_trial };
        let votes = self.cast(state, &request);
        if votes == 0 {
            return;
        }
        log::debug!("stands for election");
        state.ballots += 1;
        let (number, silent) = (state.ballots, self.peers.len() - 1);
        let until = Instant::now() + BALLOT_TIMEOUT;
        state.ballot = Some(Ballot { number, is_trial, votes, silent, until });
        for peer in self.others() {
            let request = request.clone();
            self.spawn("vote", move |node| {
                if let Some(reply) = node.peers[peer].vote(&request) {
                    node.count(number, reply.votes);
                }
            });
        }
    }

    /// Counts an answer.
    fn count(&self, number: u64, votes: i64) {
        let mut state = self.state.lock();
        let Some(ballot) = state.ballot.as_mut().filter(|ballot| ballot.number == number) else { return };
        ballot.votes += votes;
        ballot.silent -= 1;
        if ballot.silent == 0 {
            self.close_ballot(&mut state);
        }
    }

    /// All have answered, or the time is over. The sum decides, so one veto outweighs all votes.
    pub(super) fn close_ballot(&self, state: &mut State) {
        let Some(ballot) = state.ballot.take() else { return };
        let is_won = ballot.votes >= self.majority() as i64;
        if is_won && ballot.is_trial {
            self.ask_for_votes(state, false);
        } else if is_won {
            log::info!("leads");
            state.leads = true;
            state.won = Some(Instant::now());
            self.send_pulses(state);
        } else {
            self.release_own_vote(state);
            let wait = Duration::from_millis(rng().random_range(0..=LONGEST_RETREAT));
            state.retreat = Instant::now() + wait;
        }
        self.timer.notify_one();
    }
}

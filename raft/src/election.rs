//! Leader election: the box "RequestVote RPC" of Figure 2. When to stand and how to win: §5.2. Who
//! deserves a vote: §5.4.1.

use std::collections::BTreeSet;

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

use crate::log::Log;
use crate::peer::{PeerId, Raft, RaftClient};
use crate::state::{Progress, Role, State};
use crate::timer::VOTE_INTERVAL;

/// A candidate asks for a vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteArgs {
    /// The candidate's term.
    pub(crate) term: Term,
    /// The candidate.
    pub(crate) candidate_id: PeerId,
    /// Index of the candidate's last entry.
    pub(crate) last_log_index: LogIndex,
    /// Term of the candidate's last entry.
    pub(crate) last_log_term: Term,
}

/// The answer to [`RequestVoteArgs`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteReply {
    /// The voter's term, for the candidate to follow if it is newer.
    pub(crate) term: Term,
    /// Whether the candidate got the vote.
    pub(crate) vote_granted: bool,
}

/// The candidate's side.
impl Raft {
    /// "On conversion to candidate, start election" (Figure 2, "Candidates").
    pub(crate) fn start_election(&self, state: &mut State) {
        state.current_term = state.current_term.next();
        state.voted_for = Some(self.me);
        state.role = Role::Candidate { votes: BTreeSet::new() };
        state.restart_election_timer();
        state.persist();
        log::debug!("stands for election in term {}", state.current_term);
        self.count_vote(state, self.me);
        self.ask_for_votes(state);
    }

    /// "Send RequestVote RPCs to all other servers" (Figure 2, "Candidates"). Repeated during an
    /// election, for requests and answers get lost (§5.1).
    pub(crate) fn ask_for_votes(&self, state: &mut State) {
        let Role::Candidate { votes } = &state.role else {
            return;
        };
        let args = RequestVoteArgs {
            term: state.current_term,
            candidate_id: self.me,
            last_log_index: state.log.last_index(),
            last_log_term: state.log.last_term(),
        };
        for peer in self.others().filter(|peer| !votes.contains(peer)) {
            let args = args.clone();
            self.spawn("request_vote", move |raft| {
                if let Some(reply) = raft.peers[peer].request_vote(&args) {
                    raft.handle_request_vote_reply(peer, &args, &reply);
                }
            });
        }
        state.repeat_after(VOTE_INTERVAL);
    }

    fn handle_request_vote_reply(&self, peer: PeerId, args: &RequestVoteArgs, reply: &RequestVoteReply) {
        let mut state = self.state.lock();
        state.observe_term(reply.term);
        // A vote counts in the term for which it was given.
        if reply.vote_granted && args.term == state.current_term {
            self.count_vote(&mut state, peer);
        }
        state.persist();
        state.check_invariants();
    }

    /// "If votes received from majority of servers: become leader" (Figure 2, "Candidates").
    fn count_vote(&self, state: &mut State, voter: PeerId) {
        let Role::Candidate { votes } = &mut state.role else {
            return; // elected, or deposed, before this vote arrived
        };
        votes.insert(voter);
        if votes.len() > self.peers.len() / 2 {
            self.become_leader(state);
        }
    }

    /// "Upon election: send initial empty AppendEntries RPCs" (Figure 2, "Leaders").
    fn become_leader(&self, state: &mut State) {
        log::info!("leads term {}, with a log up to {}", state.current_term, state.log.last_index());
        let beginner = Progress {
            next_index: state.log.last_index().next(),
            match_index: LogIndex(0),
            in_flight: false,
        };
        state.role = Role::Leader { progress: vec![beginner; self.peers.len()] };
        self.send_heartbeats(state);
        self.timer.notify_one();
    }
}

/// The voter's side.
impl Raft {
    /// "Receiver implementation" of RequestVote (Figure 2).
    pub(crate) fn handle_request_vote(&self, args: &RequestVoteArgs) -> RequestVoteReply {
        let mut state = self.state.lock();
        // 1. Old term: no.
        if args.term < state.current_term {
            return RequestVoteReply { term: state.current_term, vote_granted: false };
        }
        // New term: nobody has this vote yet.
        state.observe_term(args.term);

        // 2. One vote a term, first come, first served (§5.2).
        let free_to_vote = state.voted_for.is_none_or(|peer| peer == args.candidate_id);
        // And only for a log in which nothing is missing that this server has (§5.4.1).
        let vote_granted = free_to_vote && is_up_to_date(args, &state.log);
        if vote_granted {
            state.voted_for = Some(args.candidate_id);
            state.restart_election_timer();
        }

        state.persist();
        state.check_invariants();
        RequestVoteReply { term: state.current_term, vote_granted }
    }
}

/// Whether the candidate's log is at least as up to date as the voter's: the later last term wins, and
/// with the same last term the longer log (§5.4.1).
fn is_up_to_date(candidate: &RequestVoteArgs, voter: &Log) -> bool {
    (candidate.last_log_term, candidate.last_log_index) >= (voter.last_term(), voter.last_index())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::log_of;

    #[test]
    fn the_later_last_term_wins_then_the_longer_log() {
        let voter = log_of(&[1, 2, 2]);
        for (last_log_term, last_log_index, expected) in
            [(2, 3, true), (2, 4, true), (2, 2, false), (3, 1, true), (1, 9, false), (0, 0, false)]
        {
            let candidate = RequestVoteArgs {
                term: Term(4),
                candidate_id: 0,
                last_log_index: LogIndex(last_log_index),
                last_log_term: Term(last_log_term),
            };
            assert_eq!(is_up_to_date(&candidate, &voter), expected, "{candidate:?}");
        }
    }
}

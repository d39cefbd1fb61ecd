//! The box "RequestVote RPC" of Figure 2, and the rules for candidates.

use labapi::{LogIndex, Term};
use serde::{Deserialize, Serialize};

use crate::peer::{Raft, RaftClient};
use crate::state::{Role, State};

/// A candidate asks for a vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteArgs {
    pub(crate) term: Term,
    pub(crate) candidate_id: usize,
    pub(crate) last_log_index: LogIndex,
    pub(crate) last_log_term: Term,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteReply {
    pub(crate) term: Term,
    pub(crate) vote_granted: bool,
}

impl Raft {
    /// "On conversion to candidate, start election: increment currentTerm, vote for self, reset election
    /// timer, send RequestVote RPCs to all other servers."
    pub(crate) fn start_election(&self, state: &mut State) {
        state.current_term = state.current_term.next();
        state.role = Role::Candidate;
        state.voted_for = Some(self.me);
        state.votes = 1;
        state.reset_election_timer();
        self.persist(state);
        let args = RequestVoteArgs {
            term: state.current_term,
            candidate_id: self.me,
            last_log_index: state.log.last_index(),
            last_log_term: state.log.last_term(),
        };
        for peer in self.others() {
            let args = args.clone();
            self.spawn("request_vote", move |raft| {
                if let Some(reply) = raft.peers[peer].request_vote(&args) {
                    raft.on_request_vote_reply(&args, &reply);
                }
            });
        }
        self.lead_if_elected(state);
    }

    fn on_request_vote_reply(&self, args: &RequestVoteArgs, reply: &RequestVoteReply) {
        let mut state = self.state.lock();
        if reply.term > state.current_term {
            state.become_follower(reply.term);
            self.persist(&state);
            return;
        }
        // An answer of an older election changes nothing.
        if args.term != state.current_term || state.role != Role::Candidate {
            return;
        }
        if reply.vote_granted {
            state.votes += 1;
            self.lead_if_elected(&mut state);
        }
    }

    /// "If votes received from majority of servers: become leader."
    fn lead_if_elected(&self, state: &mut State) {
        if state.votes <= self.peers.len() / 2 {
            return;
        }
        state.role = Role::Leader;
        // "Reinitialized after election."
        for peer in 0..self.peers.len() {
            state.next_index[peer] = state.log.last_index().next();
            state.match_index[peer] = LogIndex(0);
        }
        let term = state.current_term;
        self.spawn("heartbeats", move |raft| raft.run_heartbeats(term));
    }

    /// The receiver.
    pub(crate) fn on_request_vote(&self, args: &RequestVoteArgs) -> RequestVoteReply {
        let mut state = self.state.lock();
        // 1. "Reply false if term < currentTerm."
        if args.term < state.current_term {
            return RequestVoteReply { term: state.current_term, vote_granted: false };
        }
        if args.term > state.current_term {
            state.become_follower(args.term);
        }
        // 2. "If votedFor is null or candidateId, and candidate's log is at least as up-to-date as receiver's
        //    log, grant vote."
        let is_free = state.voted_for.is_none() || state.voted_for == Some(args.candidate_id);
        let up_to_date = args.last_log_term > state.log.last_term()
            || (args.last_log_term == state.log.last_term() && args.last_log_index >= state.log.last_index());
        let vote_granted = is_free && up_to_date;
        if vote_granted {
            state.voted_for = Some(args.candidate_id);
            state.reset_election_timer();
        }
        self.persist(&state);
        RequestVoteReply { term: state.current_term, vote_granted }
    }
}

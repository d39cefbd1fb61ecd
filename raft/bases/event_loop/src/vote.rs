//! Elections (§5.2, §5.4.1).

use crate::event::Outgoing;
use crate::message::{RequestVoteArgs, RequestVoteReply};
use crate::node::{Effect, Node, Role};
use crate::progress::Progress;

impl Node {
    /// Stands for election in a new term.
    pub(crate) fn stand(&mut self) {
        self.term = self.term.next();
        self.vote = Some(self.me);
        self.unsaved = true;
        let mut votes = vec![false; self.servers];
        votes[self.me] = true;
        self.role = Role::Candidate(votes);
        self.wait_for_a_leader();
        let (last_log_index, last_log_term) = self.log.last();
        for peer in self.others() {
            let args = RequestVoteArgs { term: self.term, candidate: self.me, last_log_index, last_log_term };
            self.effects.push(Effect::Call(peer, Outgoing::RequestVote(args)));
        }
        self.lead_if_elected();
    }

    /// The reply of a voter.
    pub(crate) fn count_vote(&mut self, peer: usize, args: &RequestVoteArgs, reply: &RequestVoteReply) {
        let is_old = self.is_old(reply.term);
        if is_old || args.term != self.term || !reply.vote_granted {
            return;
        }
        if let Role::Candidate(votes) = &mut self.role {
            votes[peer] = true;
            self.lead_if_elected();
        }
    }

    fn lead_if_elected(&mut self) {
        let Role::Candidate(votes) = &self.role else { return };
        if votes.iter().filter(|&&vote| vote).count() >= self.majority() {
            self.role = Role::Leader(vec![Progress::new(self.log.last().0.next()); self.servers]);
            self.send_heartbeats();
        }
    }

    /// A candidate asks for this server's vote.
    pub(crate) fn vote(&mut self, args: &RequestVoteArgs) -> RequestVoteReply {
        let is_old = self.is_old(args.term);
        let is_free = self.vote.is_none_or(|candidate| candidate == args.candidate);
        let (index, term) = self.log.last();
        let up_to_date = (args.last_log_term, args.last_log_index) >= (term, index);
        let vote_granted = !is_old && is_free && up_to_date;
        if vote_granted {
            self.unsaved |= self.vote.is_none();
            self.vote = Some(args.candidate);
            self.wait_for_a_leader();
        }
        RequestVoteReply { term: self.term, vote_granted }
    }
}

//! Pre-vote: a server asks whether it would be elected before it begins a term (thesis §9.6).
//!
//! A server that is cut off is told so by nobody, and stays in its term. When it comes back, no message of it
//! has a newer term, which would depose a leader that is well.

use std::collections::BTreeSet;

use crate::election::{RequestVoteArgs, RequestVoteReply, is_up_to_date};
use crate::server::{PeerId, Server, ServerClient};
use crate::state::{Role, State};
use crate::timer::VOTE_INTERVAL;

/// The candidate's side.
impl Server {
    /// No leader was heard of for too long.
    ///
    /// A server that is no voter has nothing to do, unless that may not be decided: "a server that is not
    /// part of its own latest configuration should still start new elections, as it might still be needed
    /// until the C_new entry is committed" (thesis §4.2.2). It does not count its own vote.
    pub(crate) fn start_pre_vote(&self, state: &mut State) {
        state.restart_election_timer();
        state.role = Role::Follower;
        let (index, configuration) = state.log.configuration();
        if configuration.has(self.me) || index > state.commit_index {
            state.role = Role::PreCandidate { votes: BTreeSet::new() };
            self.ask_for_pre_votes(state);
            self.count_pre_vote(state, self.me);
        }
    }

    /// Asks the voters of both sets, and again those who have not answered.
    pub(crate) fn ask_for_pre_votes(&self, state: &mut State) {
        let Role::PreCandidate { votes } = &state.role else { return };
        let args = self.vote_request(state, state.current_term.next());
        for peer in self.voters_without(state, votes) {
            let args = args.clone();
            self.spawn("pre_vote", move |server| {
                if let Some(reply) = server.end(peer).pre_vote(&args) {
                    server.handle_pre_vote_reply(peer, &args, &reply);
                }
            });
        }
        state.repeat_after(VOTE_INTERVAL);
    }

    fn handle_pre_vote_reply(&self, peer: PeerId, args: &RequestVoteArgs, reply: &RequestVoteReply) {
        let mut state = self.state.lock();
        self.observe_term(&mut state, reply.term);
        if reply.vote_granted && args.term == state.current_term.next() {
            self.count_pre_vote(&mut state, peer);
        }
        state.persist();
        state.check_invariants();
    }

    fn count_pre_vote(&self, state: &mut State, voter: PeerId) {
        let Role::PreCandidate { votes } = &mut state.role else { return };
        votes.insert(voter);
        if state.log.configuration().1.agreed(|peer| votes.contains(&peer)) {
            self.start_election(state, false);
        }
    }
}

/// The voter's side.
impl Server {
    /// Whether the server would vote so. It promises nothing, and changes nothing.
    pub(crate) fn handle_pre_vote(&self, args: &RequestVoteArgs) -> RequestVoteReply {
        let state = self.state.lock();
        let vote_granted =
            args.term > state.current_term && !state.hears_leader() && is_up_to_date(args, &state.log);
        RequestVoteReply { term: state.current_term, vote_granted }
    }
}

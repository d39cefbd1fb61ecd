//! Leader election: the box "RequestVote RPC" of Figure 2, with quorums of the configuration, and without
//! ears for candidates that nobody needs (§6).

use std::collections::{BTreeMap, BTreeSet};

use labapi::{LogIndex, Term};
use labrt::time::Instant;
use serde::{Deserialize, Serialize};

use crate::log::{Log, Payload};
use crate::server::{PeerId, Server, ServerClient};
use crate::state::{Leadership, Progress, Role, State};
use crate::timer::VOTE_INTERVAL;

/// A candidate asks for a vote, or whether it would get one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteArgs {
    /// The term in which it stands, or would stand.
    pub(crate) term: Term,
    pub(crate) candidate_id: PeerId,
    pub(crate) last_log_index: LogIndex,
    pub(crate) last_log_term: Term,
    /// Whether the leader has told it to stand. Then it is voted for even by those who hear the leader
    /// (thesis §4.2.3).
    pub(crate) leadership_transfer: bool,
}

/// The answer to [`RequestVoteArgs`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteReply {
    /// The voter's term, for the candidate to follow if it is newer.
    pub(crate) term: Term,
    pub(crate) vote_granted: bool,
}

/// The candidate's side.
impl Server {
    /// "On conversion to candidate, start election" (Figure 2). `transfer`: the leader wants it.
    pub(crate) fn start_election(&self, state: &mut State, transfer: bool) {
        state.current_term = state.current_term.next();
        state.voted_for = Some(self.me);
        state.role = Role::Candidate { votes: BTreeSet::new(), transfer };
        state.restart_election_timer();
        state.persist();
        log::debug!("stands for election in term {}", state.current_term);
        self.ask_for_votes(state);
        self.count_vote(state, self.me);
        self.timer.notify_one();
    }

    /// Asks the voters of both sets, and again those who have not answered.
    pub(crate) fn ask_for_votes(&self, state: &mut State) {
        let Role::Candidate { votes, transfer } = &state.role else { return };
        let args = RequestVoteArgs {
            leadership_transfer: *transfer,
            ..self.vote_request(state, state.current_term)
        };
        for peer in self.voters_without(state, votes) {
            let args = args.clone();
            self.spawn("request_vote", move |server| {
                if let Some(reply) = server.end(peer).request_vote(&args) {
                    server.handle_request_vote_reply(peer, &args, &reply);
                }
            });
        }
        state.repeat_after(VOTE_INTERVAL);
    }

    /// A request for a vote in this term.
    pub(crate) fn vote_request(&self, state: &State, term: Term) -> RequestVoteArgs {
        RequestVoteArgs {
            term,
            candidate_id: self.me,
            last_log_index: state.log.last_index(),
            last_log_term: state.log.last_term(),
            leadership_transfer: false,
        }
    }

    /// The other voters that have not given their votes.
    pub(crate) fn voters_without(&self, state: &State, votes: &BTreeSet<PeerId>) -> Vec<PeerId> {
        let voters = state.log.configuration().1.servers();
        voters.into_iter().filter(|peer| *peer != self.me && !votes.contains(peer)).collect()
    }

    fn handle_request_vote_reply(&self, peer: PeerId, args: &RequestVoteArgs, reply: &RequestVoteReply) {
        let mut state = self.state.lock();
        self.observe_term(&mut state, reply.term);
        if reply.vote_granted && args.term == state.current_term {
            self.count_vote(&mut state, peer);
        }
        state.persist();
        state.check_invariants();
    }

    /// "If votes received from majority of servers: become leader" (Figure 2), of both majorities if need be.
    fn count_vote(&self, state: &mut State, voter: PeerId) {
        let Role::Candidate { votes, .. } = &mut state.role else { return };
        votes.insert(voter);
        if state.log.configuration().1.agreed(|peer| votes.contains(&peer)) {
            self.become_leader(state);
        }
    }

    fn become_leader(&self, state: &mut State) {
        let (last_index, (_, configuration)) = (state.log.last_index(), state.log.configuration());
        log::info!("leads term {}, with a log up to {last_index}", state.current_term);
        let others = configuration.servers().into_iter().filter(|peer| *peer != self.me);
        let progress: BTreeMap<_, _> = others.map(|peer| (peer, Progress::unknown(last_index))).collect();
        let elected = Instant::now();
        state.role = Role::Leader(Leadership {
            elected,
            progress,
            joining: None,
            transfer: None,
            told_to_stand: false,
        });
        // The first entry of the term commits what earlier leaders have left, among that a change of the
        // cluster (§8).
        self.append(state, Payload::Nothing);
        self.send_heartbeats(state);
        self.timer.notify_one();
    }
}

/// The voter's side.
impl Server {
    /// "Receiver implementation" of RequestVote (Figure 2).
    pub(crate) fn handle_request_vote(&self, args: &RequestVoteArgs) -> RequestVoteReply {
        let mut state = self.state.lock();
        // "If a server receives a RequestVote RPC within the minimum election timeout of hearing from a
        // current leader, it does not update its term or grant its vote" (§6).
        let is_unasked_for = state.hears_leader() && !args.leadership_transfer;
        if args.term < state.current_term || is_unasked_for {
            return RequestVoteReply { term: state.current_term, vote_granted: false };
        }
        self.observe_term(&mut state, args.term);

        let free_to_vote = state.voted_for.is_none_or(|peer| peer == args.candidate_id);
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

/// Whether the candidate's log is at least as up to date as the voter's (§5.4.1).
pub(crate) fn is_up_to_date(candidate: &RequestVoteArgs, voter: &Log) -> bool {
    (candidate.last_log_term, candidate.last_log_index) >= (voter.last_term(), voter.last_index())
}

//! Part 3A, done in the skeleton as a student might, and nothing else.

use crate::students::Students;

/// Replacements in the skeleton: file, old text, which occurs once, and new text.
const EDITS: [(&str, &str, &str); 8] = [
    (
        "peer.rs",
        "pub(crate) struct State {",
        "pub(crate) struct State {
            pub(crate) term: labapi::Term,
            pub(crate) voted_for: Option<usize>,
            pub(crate) is_leader: bool,
            pub(crate) votes: usize,
            pub(crate) deadline: Option<labrt::time::Instant>,",
    ),
    (
        "peer.rs",
        r#"todo!("raft::get_state, part 3A")"#,
        "let state = self.state.lock();
        labapi::State { term: state.term, is_leader: state.is_leader }",
    ),
    (
        "election.rs",
        "pub(crate) struct RequestVoteArgs {",
        "pub(crate) struct RequestVoteArgs { pub(crate) term: labapi::Term, pub(crate) candidate_id: usize,",
    ),
    (
        "election.rs",
        "pub(crate) struct RequestVoteReply {",
        "pub(crate) struct RequestVoteReply { pub(crate) term: labapi::Term, pub(crate) vote_granted: bool,",
    ),
    (
        "election.rs",
        r#"todo!("raft::run_ticker, part 3A")"#,
        r#"use crate::replication::AppendEntriesArgs;
        use crate::rpc::RaftClient;
        use labrt::rand::RngExt;
        use labrt::time::{Duration, Instant};
        while !self.is_killed() {
            labrt::thread::sleep(Duration::from_millis(10));
            let mut state = self.state.lock();
            let now = Instant::now();
            let deadline = *state.deadline.get_or_insert(now + Duration::from_millis(300));
            if now < deadline {
                continue;
            }
            let others = (0..self.peers.len()).filter(|&peer| peer != self.me);
            if state.is_leader {
                state.deadline = Some(now + Duration::from_millis(100));
                for peer in others {
                    let args = AppendEntriesArgs { term: state.term };
                    self.start_thread("heartbeat", move |raft| {
                        if let Some(reply) = raft.peers[peer].append_entries(&args) {
                            raft.state.lock().see(reply.term);
                        }
                    });
                }
                continue;
            }
            let patience = labrt::rand::rng().random_range(300..600);
            state.deadline = Some(now + Duration::from_millis(patience));
            state.term = state.term.next();
            (state.voted_for, state.votes) = (Some(self.me), 1);
            for peer in others {
                let args = RequestVoteArgs { term: state.term, candidate_id: self.me };
                self.start_thread("request_vote", move |raft| {
                    let Some(reply) = raft.peers[peer].request_vote(&args) else {
                        return;
                    };
                    let mut state = raft.state.lock();
                    state.see(reply.term);
                    if reply.vote_granted && state.term == args.term && !state.is_leader {
                        state.votes += 1;
                        if state.votes > raft.peers.len() / 2 {
                            state.is_leader = true;
                            state.deadline = Some(Instant::now());
                        }
                    }
                });
            }
        }"#,
    ),
    (
        "election.rs",
        r#"todo!("raft::answer_request_vote, part 3A")"#,
        "let mut state = self.state.lock();
        state.see(args.term);
        let vote_granted =
            args.term == state.term && state.voted_for.is_none_or(|it| it == args.candidate_id);
        if vote_granted {
            state.voted_for = Some(args.candidate_id);
            state.deadline = None;
        }
        RequestVoteReply { term: state.term, vote_granted }",
    ),
    (
        "replication.rs",
        "pub(crate) struct AppendEntriesArgs {",
        "pub(crate) struct AppendEntriesArgs { pub(crate) term: labapi::Term,",
    ),
    (
        "replication.rs",
        "pub(crate) struct AppendEntriesReply {",
        "pub(crate) struct AppendEntriesReply { pub(crate) term: labapi::Term,",
    ),
];

/// Does part 3A.
pub fn solve(students: &Students) {
    for (file, before, after) in EDITS {
        students.edit(&format!("raft/src/{file}"), before, after);
    }
    students.edit(
        "raft/src/replication.rs",
        r#"todo!("raft::answer_append_entries, part 3A")"#,
        "let mut state = self.state.lock();
        state.see(args.term);
        if args.term == state.term {
            state.deadline = None;
        }
        AppendEntriesReply { term: state.term }",
    );
    students.edit(
        "raft/src/persist.rs",
        "impl State {",
        "impl State {
            pub(crate) fn see(&mut self, term: labapi::Term) {
                if term > self.term {
                    (self.term, self.voted_for, self.is_leader) = (term, None, false);
                    self.deadline = None;
                }
            }",
    );
}

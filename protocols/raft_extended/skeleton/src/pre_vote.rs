//! Asking before standing (part 3F): §9.6 of the thesis, and the last paragraph of §6 of the paper.

use serde::{Deserialize, Serialize};

use crate::server::Peer;

/// A server asks whether it would be elected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PreVoteArgs {
    // Your data here (3F): as in RequestVote. The term is the one in which the server would stand.
}

/// The answer. It promises nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PreVoteReply {
    // Your data here (3F).
}

impl Peer {
    /// Another server asks whether it would get this one's vote.
    ///
    /// Nothing changes here: not the term, not the vote, not the timer.
    pub(crate) fn answer_pre_vote(&self, args: PreVoteArgs) -> PreVoteReply {
        todo!("raft_extended::answer_pre_vote, part 3F")
    }
}

//! Leader election (part 3A): §5.2 of the paper, and from 3B on §5.4.1; the boxes "RequestVote RPC" and
//! "Rules for Servers" of Figure 2.

use serde::{Deserialize, Serialize};

use crate::peer::Raft;

/// A candidate asks for a vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteArgs {
    // Your data here (3A, 3B): the "Arguments" of the box, by the paper's names in snake case.
}

/// The answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequestVoteReply {
    // Your data here (3A): the "Results" of the box.
}

impl Raft {
    /// Sees to it that somebody leads: when no leader has been heard of for too long, this server stands for
    /// election.
    ///
    /// - Two servers that stand at the same time take votes from each other. So draw each waiting time anew
    ///   (`labrt::rand`), from a range that is wide compared with the time that a message takes.
    /// - A leader may send about ten heartbeats a second. Wait for several of them, as one may get lost; but
    ///   a new leader must be there within five seconds of the old one's end, even if the first election
    ///   fails.
    /// - What puts an election off is in "Rules for Servers", and nothing else does: an AppendEntries of the
    ///   *current* leader, and *granting* a vote. Not every message.
    /// - Ask all servers at the same time, each from a thread of its own, and count the votes as they come.
    ///
    /// `labrt::thread::sleep` for some milliseconds between two looks will do.
    /// `labrt::sync::Condvar::wait_until` is better.
    pub(crate) fn run_ticker(&self) {
        todo!("raft::run_ticker, part 3A")
    }

    /// Another server asks for this one's vote.
    ///
    /// - A message, be it a request or a reply, with a newer term comes first: join that term, as a follower
    ///   and without a vote.
    /// - A message of an older term changes nothing. That holds for replies, too: when yours arrives, you may
    ///   have moved on.
    /// - In 3B: vote for nobody whose log lacks what may be committed. "Up to date" in §5.4.1 compares the
    ///   *last entry's term* before it compares lengths.
    pub(crate) fn answer_request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        todo!("raft::answer_request_vote, part 3A")
    }
}

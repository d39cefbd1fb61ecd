//! How everybody's log becomes the leader's: §5.3 and §5.4.2 of the paper, and the box "AppendEntries RPC" of
//! Figure 2. Without entries it is a heartbeat, which is all of it that part 3A needs; part 3B needs the
//! rest.

use serde::{Deserialize, Serialize};

use crate::peer::Raft;

/// A command in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    // Your data here (3B): what Figure 2 says of `log[]`. `#[serde(with = "labgob::bytes")]` on a `Vec<u8>`
    // makes its encoding small and fast.
}

/// A leader sends what a server lacks, or a heartbeat.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesArgs {
    // Your data here (3A, 3B): the "Arguments" of the box.
}

/// The answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AppendEntriesReply {
    // Your data here (3A, 3B): the "Results" of the box.
    //
    // Part 3C cannot be passed by going back one entry a message. What a follower could say besides `false`,
    // so that the leader can skip a whole term, is told at the end of §5.3.
}

/// The other tasks of a leader, "Rules for Servers: Leaders" of Figure 2. Your functions here (3B):
///
/// - Send to each server what it lacks, from its `next_index` on. As soon as there is something: a service
///   that must wait for the next heartbeat with each command is too slow for lab 4. But not a message for
///   each command and server either: the tests count.
/// - `match_index` is what the server has *acknowledged*: the end of the entries in the request that it
///   answers. The end of the log at the time of the reply is something else.
/// - Replies arrive late, twice as good as never, and out of order: `match_index` never goes back.
/// - A majority commits an entry only if it is of the leader's *own* term; those before it follow. Figure 8
///   shows what would go wrong.
/// - No entries of the leader's own: the tests know which index each command gets.
impl Raft {
    /// The leader of a term says that it is there, and maybe more.
    ///
    /// - It may be the first that this server hears of that term, or of who has won in it. A candidate gives
    ///   up then.
    /// - A heartbeat is answered like any other: also without entries it says "I take it that we agree up to
    ///   here".
    /// - Take away your own entries only where one *contradicts* the leader's, with all after it. A request
    ///   that arrives late has fewer entries than you got since, and they are no contradiction.
    /// - `leader_commit` may be beyond what you are known to share with the leader. The box has a `min` in it
    ///   for that.
    pub(crate) fn answer_append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        todo!("raft::answer_append_entries, part 3A")
    }
}

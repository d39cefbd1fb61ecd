//! The messages between servers, in the order in which a follower meets them. Names in brackets are those of
//! the paper and of ZooKeeper.

use labapi::Zxid;
use serde::{Deserialize, Serialize};

use crate::history::Transaction;
use crate::vote::{ServerId, Vote};

/// Election, in both directions: what a server votes for, and what it does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notification {
    pub(crate) from: ServerId,
    pub(crate) doing: Doing,
    /// The number of its election. Votes of different rounds are not comparable.
    pub(crate) round: u64,
    /// The present vote of a looking server, or the last one of another.
    pub(crate) vote: Vote,
}

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Doing {
    Looking,
    Following,
    Leading,
}

/// Discovery, follower to leader (CEPOCH, FOLLOWERINFO): the sender wants to follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FollowerInfo {
    pub(crate) from: ServerId,
    pub(crate) accepted_epoch: u32,
}

/// The answer to it (NEWEPOCH, LEADERINFO): accept this epoch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NewEpoch {
    pub(crate) epoch: u32,
}

/// Follower to leader (ACKEPOCH): the sender has accepted the epoch, and takes part in no lower one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AckEpoch {
    pub(crate) from: ServerId,
    pub(crate) epoch: u32,
    /// Whether it was new to the sender. If not, another leader may have proposed the same epoch, and this
    /// one must not count the sender.
    pub(crate) is_new: bool,
    pub(crate) current_epoch: u32,
    pub(crate) last_zxid: Zxid,
}

/// Synchronisation, the answer to [`AckEpoch`] (DIFF, TRUNC or SNAP; then NEWLEADER): make your history equal
/// to the leader's, and take up its epoch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NewLeader {
    pub(crate) epoch: u32,
    pub(crate) start: Start,
    /// What follows on the start.
    pub(crate) transactions: Vec<Transaction>,
}

/// From where a follower goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Start {
    /// DIFF: from the end of its history.
    Diff,
    /// TRUNC: from this transaction. It drops what comes after it.
    Trunc(Zxid),
    /// SNAP: from a snapshot, which replaces its whole history.
    Snap(Snapshot),
}

/// A state of the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// The last transaction in it.
    pub(crate) zxid: Zxid,
    #[serde(with = "labgob::bytes")]
    pub(crate) bytes: Vec<u8>,
}

/// Follower to leader (ACK of NEWLEADER): the leader's history is saved, and then the epoch is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AckNewLeader {
    pub(crate) from: ServerId,
    pub(crate) epoch: u32,
    pub(crate) last_zxid: Zxid,
}

/// The answer to it (COMMIT, UPTODATE): a quorum has synchronised. Begin to serve.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UpToDate {
    pub(crate) epoch: u32,
    /// All transactions up to this one are committed.
    pub(crate) committed: Zxid,
}

/// Broadcast, leader to follower (PROPOSAL, COMMIT, PING in one) or to observer (INFORM): accept these
/// transactions. Without any it tells what is committed, or that there is a leader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) leader: ServerId,
    pub(crate) epoch: u32,
    /// The one before the first of the transactions. Messages may overtake one another, and a follower takes
    /// only what continues its history.
    pub(crate) after: Zxid,
    pub(crate) transactions: Vec<Transaction>,
    /// All transactions up to this one are committed.
    pub(crate) committed: Zxid,
}

/// The answer to it (ACK): all transactions of this epoch's history up to this one are saved.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ack {
    pub(crate) zxid: Zxid,
}

/// Any server to its leader (SYNC): what is committed?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sync {
    pub(crate) current_epoch: u32,
}

/// The answer to it: this was committed, by a leader that still led after the question had come.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Synced {
    pub(crate) committed: Zxid,
}

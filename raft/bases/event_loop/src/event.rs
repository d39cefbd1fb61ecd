//! [`Event`]: what the thread is told.

use labapi::{LogIndex, Started};
use labrt::channel::Sender;

use crate::message::{
    AppendEntriesArgs, AppendEntriesReply, InstallSnapshotArgs, InstallSnapshotReply, RequestVoteArgs,
    RequestVoteReply,
};

/// Something that the thread has to handle. Whoever waits for an answer gives the channel for it.
pub(crate) enum Event {
    /// Another server calls.
    Call(Call),
    /// A server has replied to a call.
    Reply(usize, Reply),
    /// A client has a command.
    Start(Vec<u8>, Sender<Option<Started>>),
    /// The service has a snapshot up to this index.
    Compact(LogIndex, Vec<u8>, Sender<()>),
    /// The server is not needed any more.
    Kill,
}

/// An incoming call.
pub(crate) enum Call {
    RequestVote(RequestVoteArgs, Sender<RequestVoteReply>),
    AppendEntries(AppendEntriesArgs, Sender<AppendEntriesReply>),
    InstallSnapshot(InstallSnapshotArgs, Sender<InstallSnapshotReply>),
}

/// A reply, with the request that it answers.
pub(crate) enum Reply {
    RequestVote(RequestVoteArgs, RequestVoteReply),
    AppendEntries(AppendEntriesArgs, AppendEntriesReply),
    InstallSnapshot(InstallSnapshotArgs, InstallSnapshotReply),
}

/// An outgoing call.
pub(crate) enum Outgoing {
    RequestVote(RequestVoteArgs),
    AppendEntries(AppendEntriesArgs),
    InstallSnapshot(InstallSnapshotArgs),
}

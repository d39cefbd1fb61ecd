//! The RPCs that the other servers call.

use crate::election::{RequestVoteArgs, RequestVoteReply};
use crate::peer::Raft;
use crate::replication::{AppendEntriesArgs, AppendEntriesReply};
use crate::snapshot::{InstallSnapshotArgs, InstallSnapshotReply};

/// The attribute gives every `ClientEnd` these methods, with `&Args` and an `Option` of the reply
/// (`use crate::rpc::RaftClient`); `None` is all that is known of a call that has failed.
#[labrpc::service]
impl Raft {
    fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        self.answer_request_vote(args)
    }

    fn append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        self.answer_append_entries(args)
    }

    fn install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        self.answer_install_snapshot(args)
    }
}

//! Snapshots (§7).

use labapi::{ApplyMsg, LogIndex};

use crate::message::{InstallSnapshotArgs, InstallSnapshotReply};
use crate::node::{Node, Role};

impl Node {
    /// The service has a snapshot up to `index`.
    pub(crate) fn compact(&mut self, index: LogIndex, snapshot: Vec<u8>) {
        if index <= self.log.base().0 {
            return; // it is out of date
        }
        let term = self.log.term(index).expect("what the service has applied is in the log");
        self.log.compact(index, term);
        self.snapshot = snapshot;
        self.unsaved = true;
    }

    /// The reply of a follower.
    pub(crate) fn installed(
        &mut self,
        peer: usize,
        args: &InstallSnapshotArgs,
        reply: &InstallSnapshotReply,
    ) {
        if self.is_old(reply.term) || args.term != self.term {
            return;
        }
        if let Role::Leader(progress) = &mut self.role {
            progress[peer].acknowledged(args.last_included_index);
            self.advance_commit_index();
        }
    }

    /// A leader sends its snapshot.
    pub(crate) fn install(&mut self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        if self.is_old(args.term) {
            return InstallSnapshotReply { term: self.term };
        }
        self.role = Role::Follower;
        self.wait_for_a_leader();
        let (index, term) = (args.last_included_index, args.last_included_term);
        if index > self.commit_index {
            self.log.compact(index, term);
            self.snapshot = args.data;
            self.unsaved = true;
            self.commit_index = index;
            let snapshot = self.snapshot.clone();
            self.due.push_back(ApplyMsg::Snapshot { index, term, snapshot });
        }
        InstallSnapshotReply { term: self.term }
    }
}

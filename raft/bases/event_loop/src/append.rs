//! Replication (§5.3, §5.4.2).

use labapi::{LogIndex, Term};

use crate::event::Outgoing;
use crate::message::{AppendEntriesArgs, AppendEntriesReply, InstallSnapshotArgs};
use crate::node::{Effect, Node, Role};

impl Node {
    /// Sends something to each follower, so that it knows of its leader.
    pub(crate) fn send_heartbeats(&mut self) {
        self.elapsed = 0;
        for peer in self.others() {
            if let Role::Leader(progress) = &mut self.role {
                progress[peer].forget_requests();
            }
            self.send_next(peer);
        }
    }

    /// Sends the entries that followers lack, as far as there is room in their windows.
    pub(crate) fn replicate(&mut self) {
        let last_index = self.log.last().0;
        for peer in self.others() {
            while let Role::Leader(progress) = &self.role {
                if progress[peer].next > last_index || !progress[peer].has_room() {
                    break;
                }
                self.send_next(peer);
            }
        }
    }

    /// Sends what comes next to a follower, be it nothing.
    fn send_next(&mut self, peer: usize) {
        let Role::Leader(progress) = &mut self.role else { return };
        let progress = &mut progress[peer];
        let (term, base) = (self.term, self.log.base());
        let request = if progress.next <= base.0 {
            let (last_included_index, last_included_term) = base;
            progress.sent_snapshot(last_included_index);
            let data = self.snapshot.clone();
            Outgoing::InstallSnapshot(InstallSnapshotArgs {
                term,
                last_included_index,
                last_included_term,
                data,
            })
        } else {
            let prev_log_index = progress.next.prev();
            let prev_log_term = self.log.term(prev_log_index).expect("a leader's log has no gap");
            let entries = self.log.batch(progress.next);
            progress.sent(entries.len());
            let leader_commit = self.commit_index;
            Outgoing::AppendEntries(AppendEntriesArgs {
                term,
                prev_log_index,
                prev_log_term,
                entries,
                leader_commit,
            })
        };
        self.effects.push(Effect::Call(peer, request));
    }

    /// The reply of a follower.
    pub(crate) fn appended(&mut self, peer: usize, args: &AppendEntriesArgs, reply: &AppendEntriesReply) {
        if self.is_old(reply.term) || args.term != self.term {
            return;
        }
        let Role::Leader(progress) = &mut self.role else { return };
        if reply.success {
            progress[peer].acknowledged(args.last_index());
            self.advance_commit_index();
        } else {
            let (index, term) = reply.hint;
            let (guess, _) = self.log.back_to_term(index, term);
            progress[peer].refused(args.prev_log_index, guess);
        }
    }

    /// Commits what a majority stores, if it is of this term.
    pub(crate) fn advance_commit_index(&mut self) {
        let Role::Leader(progress) = &self.role else { return };
        let mut stored: Vec<LogIndex> = progress.iter().map(|progress| progress.matched).collect();
        stored[self.me] = self.log.last().0;
        stored.sort_unstable_by(|one, other| other.cmp(one));
        let by_majority = stored[self.majority() - 1];
        if by_majority > self.commit_index && self.log.term(by_majority) == Some(self.term) {
            self.commit(by_majority);
        }
    }

    /// A leader sends entries.
    pub(crate) fn append(&mut self, args: AppendEntriesArgs) -> AppendEntriesReply {
        let refusal = |term| AppendEntriesReply { term, success: false, hint: (LogIndex(0), Term(0)) };
        if self.is_old(args.term) {
            return refusal(self.term);
        }
        self.role = Role::Follower;
        self.wait_for_a_leader();
        let prev = args.prev_log_index;
        // What the snapshot holds was committed, and so the leader has it too.
        if prev >= self.log.base().0 && self.log.term(prev) != Some(args.prev_log_term) {
            let hint = self.log.back_to_term(prev, args.prev_log_term);
            return AppendEntriesReply { hint, ..refusal(self.term) };
        }
        let last_index = args.last_index();
        self.unsaved |= self.log.merge(prev, args.entries);
        self.commit(args.leader_commit.min(last_index));
        AppendEntriesReply { success: true, ..refusal(self.term) }
    }
}

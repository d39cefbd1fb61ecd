//! One server: what it consists of, how it starts, and what its service, the tester and the other
//! servers can ask of it.

use std::sync::Weak;

use labapi::{ApplyMsg, LogIndex, Solution, Started};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use persister::Persister;

use crate::election::{RequestVoteArgs, RequestVoteReply};
use crate::replication::{AppendEntriesArgs, AppendEntriesReply};
use crate::snapshot::{InstallSnapshotArgs, InstallSnapshotReply};
use crate::state::State;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

/// A server's position among its peers; the same on every server.
pub(crate) type PeerId = usize;

/// One Raft server.
pub(crate) struct Raft {
    /// This server itself, for the threads that it starts.
    this: Weak<Raft>,
    /// Its position among `peers`.
    pub(crate) me: PeerId,
    /// One end a server, by position. The one at `me` is not used.
    pub(crate) peers: Vec<ClientEnd>,
    /// Everything that changes. Never held across a call to a peer or a send to the service.
    pub(crate) state: Mutex<State>,
    /// Wakes the timer: its deadline was brought forward, or the server was killed.
    pub(crate) timer: Condvar,
    /// Wakes the applier: the commit index rose, or the server was killed.
    pub(crate) applier: Condvar,
}

/// Starts a server as a follower, with what an earlier incarnation saved if there was one.
///
/// It is position `me` of `peers`, and sends what is committed on `service`. Returns at once.
pub fn make(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn labapi::Raft> {
    let raft = Arc::new_cyclic(|this| Raft {
        this: this.clone(),
        me,
        peers,
        state: Mutex::new(State::restore(persister)),
        timer: Condvar::new(),
        applier: Condvar::new(),
    });
    raft.spawn("timer", Raft::run_timer);
    raft.spawn("applier", move |raft| raft.run_applier(&service));
    raft
}

impl Raft {
    /// Runs `work` on a thread of its own.
    pub(crate) fn spawn(&self, name: &'static str, work: impl FnOnce(&Raft) + Send + 'static) {
        let this = self.this.upgrade();
        let this = this.expect("whoever calls a method holds the server");
        thread::Builder::new()
            .name(name)
            .spawn(move || work(&this))
            .expect("the system has room for one more thread");
    }

    /// All servers but this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = PeerId> + use<> {
        let me = self.me;
        (0..self.peers.len()).filter(move |&peer| peer != me)
    }
}

impl labapi::Raft for Raft {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        self.append_command(command)
    }

    fn get_state(&self) -> labapi::State {
        let state = self.state.lock();
        labapi::State { term: state.current_term, is_leader: state.is_leader() }
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.compact_log(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.state.lock().persist_bytes()
    }

    fn kill(&self) {
        self.state.lock().killed = true;
        self.timer.notify_all();
        self.applier.notify_all();
    }

    fn inspect(&self) -> Option<labapi::Inspection> {
        Some(self.describe())
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// The RPCs that the other servers call.
#[labrpc::service]
impl Raft {
    /// Figure 2, "RequestVote RPC".
    fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        self.handle_request_vote(&args)
    }

    /// Figure 2, "AppendEntries RPC".
    fn append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        self.handle_append_entries(args)
    }

    /// Figure 13, "InstallSnapshot RPC".
    fn install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        self.handle_install_snapshot(args)
    }
}

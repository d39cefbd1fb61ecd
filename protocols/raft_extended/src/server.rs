//! One server: what it consists of, how it starts, and what its service, the tester and the other servers can
//! ask of it.

use std::collections::BTreeSet;
use std::sync::Weak;

use labapi::{ApplyMsg, ChangeError, Dial, LogIndex, Membership, ReadError, Started, TransferError};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use persister::Persister;

use crate::election::{RequestVoteArgs, RequestVoteReply};
use crate::log::Payload;
use crate::membership::Configuration;
use crate::replication::{AppendEntriesArgs, AppendEntriesReply};
use crate::snapshot::{InstallSnapshotArgs, InstallSnapshotReply};
use crate::state::State;
use crate::transfer::{TimeoutNowArgs, TimeoutNowReply};

/// The reference, as the tester and the command line know it.
pub const SOLUTION: labapi::MakeRaftExtended = make;

/// A server's number, the same on every server.
pub(crate) type PeerId = usize;

/// One server.
pub(crate) struct Server {
    /// This server itself, for the threads that it starts.
    this: Weak<Server>,
    /// Its number.
    pub(crate) me: PeerId,
    /// An end point to the server of a number.
    dial: Dial,
    /// Everything that changes. Never held across a call to a peer or a send to the service.
    pub(crate) state: Mutex<State>,
    /// Wakes the timer: its deadline was brought forward, or the server was killed.
    pub(crate) timer: Condvar,
    /// Wakes the applier: the commit index rose, or the server was killed.
    pub(crate) applier: Condvar,
    /// Wakes reads: the leader has new contact, has committed something, or has stopped leading.
    pub(crate) readers: Condvar,
}

/// Starts server `me` as a follower, with what an earlier incarnation saved if there was one. The cluster
/// begins with the servers `first`.
pub fn make(
    dial: Dial,
    me: usize,
    first: Vec<usize>,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn labapi::RaftExtended> {
    let server = Arc::new_cyclic(|this| Server {
        this: this.clone(),
        me,
        dial,
        state: Mutex::new(State::restore(persister, Configuration::of(first))),
        timer: Condvar::new(),
        applier: Condvar::new(),
        readers: Condvar::new(),
    });
    server.spawn("timer", Server::run_timer);
    server.spawn("applier", move |server| server.run_applier(&service));
    server
}

impl Server {
    /// Runs `work` on a thread of its own.
    pub(crate) fn spawn(&self, name: &'static str, work: impl FnOnce(&Server) + Send + 'static) {
        let this = self.this.upgrade();
        let this = this.expect("whoever calls a method holds the server");
        thread::Builder::new()
            .name(name)
            .spawn(move || work(&this))
            .expect("the system has room for one more thread");
    }

    /// The end point to another server.
    pub(crate) fn end(&self, peer: PeerId) -> ClientEnd {
        (self.dial)(peer)
    }
}

impl labapi::Raft for Server {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        let mut state = self.state.lock();
        let accepts = !state.killed && state.leadership().is_some_and(|it| it.transfer.is_none());
        accepts.then(|| {
            let index = self.append(&mut state, Payload::Command(command));
            Started { index, term: state.current_term }
        })
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
        self.readers.notify_all();
    }

    fn inspect(&self) -> Option<labapi::Inspection> {
        Some(self.describe())
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

impl labapi::RaftExtended for Server {
    fn change_membership(&self, servers: Vec<usize>) -> Result<(), ChangeError> {
        self.begin_change(&servers)
    }

    fn membership(&self) -> Membership {
        let state = self.state.lock();
        let (index, configuration) = state.log.configuration();
        let list = |set: &BTreeSet<PeerId>| set.iter().copied().collect();
        let incoming = configuration.incoming.as_ref().map(list);
        Membership { index, voters: list(&configuration.voters), incoming }
    }

    fn read_index(&self) -> Result<LogIndex, ReadError> {
        self.confirm_read()
    }

    fn lease_read(&self) -> Result<LogIndex, ReadError> {
        self.read_by_lease()
    }

    fn transfer_leadership(&self, to: usize) -> Result<(), TransferError> {
        self.begin_transfer(to)
    }
}

/// The RPCs that the other servers call.
#[labrpc::service]
impl Server {
    /// Figure 2, "RequestVote RPC".
    fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        self.handle_request_vote(&args)
    }

    /// Thesis §9.6.
    fn pre_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        self.handle_pre_vote(&args)
    }

    /// Figure 2, "AppendEntries RPC".
    fn append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        self.handle_append_entries(args)
    }

    /// Figure 13, "InstallSnapshot RPC".
    fn install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        self.handle_install_snapshot(args)
    }

    /// Thesis §3.10.
    fn timeout_now(&self, args: TimeoutNowArgs) -> TimeoutNowReply {
        self.handle_timeout_now(&args)
    }
}

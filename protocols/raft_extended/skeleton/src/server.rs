//! One server: what it consists of, how it starts, and what can be asked of it.

use std::sync::{Arc, Weak};

use labapi::{
    ApplyMsg, ChangeError, Dial, LogIndex, MakeRaftExtended, Membership, ReadError, Started, TransferError,
};
use labrpc::Service;
use labrt::channel::Sender;
use labrt::sync::Mutex;
use labrt::thread;
use persister::Persister;

use crate::membership::Configuration;
use crate::pre_vote::{PreVoteArgs, PreVoteReply};
use crate::transfer::{TimeoutNowArgs, TimeoutNowReply};

/// The solution under test: what starts a server.
pub const SOLUTION: MakeRaftExtended = make;

/// One server.
pub(crate) struct Peer {
    /// An end point to the server of a number.
    pub(crate) dial: Dial,
    /// The number of this server.
    pub(crate) me: usize,
    /// Where to save what must survive a crash.
    pub(crate) persister: Persister,
    /// This server itself, for `start_thread`.
    itself: Weak<Self>,
    /// All that changes, under one lock. Let nobody wait while holding it: not for a reply, not for the
    /// service.
    pub(crate) state: Mutex<State>,
}

/// What the other servers ask of this one.
#[labrpc::service]
impl Peer {
    // Your code here (3E): those of lab 3.

    fn pre_vote(&self, args: PreVoteArgs) -> PreVoteReply {
        self.answer_pre_vote(args)
    }

    fn timeout_now(&self, args: TimeoutNowArgs) -> TimeoutNowReply {
        self.answer_timeout_now(args)
    }
}

/// The state of a server.
#[derive(Default)]
pub(crate) struct State {
    // Your data here: that of your Raft, and
    //
    // - for 3E the configuration that the log had before its first entry; configurations are entries;
    // - for 3F when a leader of the current term was heard of last;
    // - for 3F and 3G, on a leader, when the last request was sent that each server has answered;
    // - for 3E and 3H, on a leader, the change and the transfer that are under way.
}

/// Starts a server. It is called again, with what was saved, after each crash.
///
/// `cluster` are the servers that the cluster begins with. This one need not be among them: then it waits
/// until a leader calls it.
///
/// Returns at once: whatever takes time is for threads.
pub fn make(
    ends_to: Dial,
    me: usize,
    cluster: Vec<usize>,
    persister: Persister,
    apply_ch: Sender<ApplyMsg>,
) -> Arc<dyn labapi::RaftExtended> {
    let first = Configuration::of(cluster);
    Arc::new_cyclic(|itself| Peer {
        state: Mutex::default(),
        dial: ends_to,
        me,
        persister,
        itself: Weak::clone(itself),
    })
    // Your code here (3E): the threads of your Raft.
}

impl Peer {
    /// Runs `body` in a thread of this server, which the log calls `name`.
    pub(crate) fn start_thread(&self, name: &'static str, body: impl FnOnce(&Self) + Send + 'static) {
        let server = self.itself.upgrade().expect("it is there while a method of it is called");
        let thread = thread::Builder::new().name(name).spawn(move || body(&server));
        thread.expect("there is always room for a thread");
    }
}

/// As in lab 3, but for entries without a command: deliver them as commands of no bytes.
impl labapi::Raft for Peer {
    fn get_state(&self) -> labapi::State {
        todo!("raft_extended::get_state, part 3E")
    }

    fn start(&self, command: Vec<u8>) -> Option<Started> {
        todo!("raft_extended::start, part 3E")
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        todo!("raft_extended::snapshot, part 3E")
    }

    fn persist_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }

    fn kill(&self) {
        // Your code here (3E), as in lab 3. From 3G on, reads may wait for something: wake them.
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let calls_of_peers = self.service();
        vec![calls_of_peers]
    }
}

/// What is added to lab 3. `labapi` documents each function.
impl labapi::RaftExtended for Peer {
    fn membership(&self) -> Membership {
        todo!("raft_extended::membership, part 3E")
    }

    fn change_membership(&self, servers: Vec<usize>) -> Result<(), ChangeError> {
        self.start_change(&servers)
    }

    fn transfer_leadership(&self, to: usize) -> Result<(), TransferError> {
        self.hand_over(to)
    }

    fn lease_read(&self) -> Result<LogIndex, ReadError> {
        self.answer_read_by_lease()
    }

    fn read_index(&self) -> Result<LogIndex, ReadError> {
        self.answer_read()
    }
}

//! One server, its threads, and what can be asked of it.

use std::sync::Weak;

use labapi::{ApplyMsg, Inspection, LogIndex, Solution, Started};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use labrt::time::{Duration, Instant};
use persister::Persister;

use crate::election::{RequestVoteArgs, RequestVoteReply};
use crate::install::{InstallSnapshotArgs, InstallSnapshotReply};
use crate::persist;
use crate::replication::{AppendEntriesArgs, AppendEntriesReply};
use crate::state::{Role, State};

/// The plain Raft, as the tester and the command line know it.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

/// How often a leader lets its followers hear from it.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// One Raft server.
pub(crate) struct Raft {
    this: Weak<Raft>,
    pub(crate) me: usize,
    pub(crate) peers: Vec<ClientEnd>,
    pub(crate) persister: Persister,
    /// Everything that changes. Never held during a call or a send.
    pub(crate) state: Mutex<State>,
    /// Wakes the applier.
    pub(crate) applier: Condvar,
}

/// Starts server `me` of `peers`, with what an earlier incarnation saved. It sends what is committed on
/// `service`. Returns at once.
pub fn make(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn labapi::Raft> {
    let state = Mutex::new(persist::restore(&persister, peers.len()));
    let raft = Arc::new_cyclic(|this| Raft {
        this: this.clone(),
        me,
        peers,
        persister,
        state,
        applier: Condvar::new(),
    });
    raft.spawn("ticker", Raft::run_ticker);
    raft.spawn("applier", move |raft| raft.run_applier(&service));
    raft
}

impl Raft {
    /// Runs `work` on a thread of its own.
    pub(crate) fn spawn(&self, name: &'static str, work: impl FnOnce(&Raft) + Send + 'static) {
        let raft = self.this.upgrade().expect("a method of it is called");
        let thread = thread::Builder::new().name(name).spawn(move || work(&raft));
        thread.expect("there is room for a thread");
    }

    /// All servers but this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let me = self.me;
        (0..self.peers.len()).filter(move |&peer| peer != me)
    }

    /// Calls an election when no leader was heard of for too long.
    fn run_ticker(&self) {
        loop {
            let mut state = self.state.lock();
            if state.killed {
                return;
            }
            if state.role == Role::Leader {
                state.reset_election_timer();
            } else if Instant::now() >= state.election_deadline {
                self.start_election(&mut state);
            }
            let deadline = state.election_deadline;
            drop(state);
            thread::sleep(deadline.saturating_duration_since(Instant::now()));
        }
    }

    /// Sends heartbeats for as long as this server leads the term: "repeat during idle periods to prevent
    /// election timeouts" (Figure 2, "Leaders").
    pub(crate) fn run_heartbeats(&self, term: labapi::Term) {
        loop {
            let state = self.state.lock();
            if state.killed || state.role != Role::Leader || state.current_term != term {
                return;
            }
            for peer in self.others() {
                self.replicate(&state, peer);
            }
            drop(state);
            thread::sleep(HEARTBEAT_INTERVAL);
        }
    }
}

impl labapi::Raft for Raft {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        self.append_command(command)
    }

    fn get_state(&self) -> labapi::State {
        let state = self.state.lock();
        labapi::State { term: state.current_term, is_leader: state.role == Role::Leader }
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.take_service_snapshot(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        Persister::raft_state_size(&self.persister)
    }

    fn kill(&self) {
        let mut state = self.state.lock();
        state.killed = true;
        self.applier.notify_all();
    }

    fn inspect(&self) -> Option<Inspection> {
        let state = self.state.lock();
        let role = match state.role {
            Role::Follower => labapi::Role::Follower,
            Role::Candidate => labapi::Role::Candidate,
            Role::Leader => labapi::Role::Leader,
        };
        let told = Inspection::new(state.current_term, role)
            .voted_for(state.voted_for)
            .log(state.log.head(), state.log.head_term(), state.log.terms())
            .commit_index(state.commit_index)
            .last_applied(state.last_applied);
        let leads = state.role == Role::Leader;
        Some(if leads { told.progress(state.next_index.clone(), state.match_index.clone()) } else { told })
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

#[labrpc::service]
impl Raft {
    fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        self.on_request_vote(&args)
    }

    fn append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        self.on_append_entries(args)
    }

    fn install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        self.on_install_snapshot(args)
    }
}

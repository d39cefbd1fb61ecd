//! One server of the replicated log: its state, how it starts, and what the service and the other servers can
//! ask of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Weak;

use labapi::{ApplyMsg, LogIndex, Raft, Started, State as RaftState, Term};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use labrt::time::Instant;
use persister::{Persister, Storage};

use super::entries::{Entries, Instance};
use super::messages::{Accept, Accepted, Learn, Learned, Nack, Prepare, Promise};
use crate::ballot::{Ballot, NodeId};

/// One server.
pub(crate) struct Peer {
    /// This server itself, for the threads that it starts.
    this: Weak<Peer>,
    pub(crate) me: NodeId,
    /// One end a server. The one at `me` is not used.
    pub(crate) peers: Vec<ClientEnd>,
    pub(crate) storage: Storage,
    /// Everything that changes. Never held across a call to a peer, or while the service is handed anything.
    pub(crate) state: Mutex<State>,
    /// Wakes the timer: there is something to send, or its deadline was moved forward.
    pub(crate) timer: Condvar,
    /// Wakes the applier: more is chosen.
    pub(crate) applier: Condvar,
}

/// Everything that changes on a server.
pub(crate) struct State {
    /// The highest ballot that it has promised, for all instances. Saved.
    pub(crate) promised: Ballot,
    /// What it has accepted. Saved.
    pub(crate) entries: Entries,
    /// The snapshot of the service up to the base of the entries. Saved.
    pub(crate) snapshot: Vec<u8>,
    pub(crate) role: Role,
    /// When the timer does something if nothing happens before.
    pub(crate) deadline: Instant,
    /// The service was handed everything up to here.
    pub(crate) applied: Instance,
    /// From when on another server is asked again for what was missed.
    pub(crate) ask_at: Instant,
    pub(crate) killed: bool,
}

/// Whose ballot the promised one is. In the last two it is this server's own.
pub(crate) enum Role {
    /// Another's. At the deadline its leader is taken for dead.
    Follower,
    /// This server is in phase 1. At the deadline it tries again, in another ballot.
    Preparing {
        /// The answers so far, by acceptor; its own is among them.
        promises: BTreeMap<NodeId, Promise>,
    },
    /// This server is the distinguished proposer. At the deadline it sends again what was not answered.
    Leading {
        /// Who has accepted its proposals, for each instance that is not chosen yet.
        accepted: BTreeMap<Instance, BTreeSet<NodeId>>,
        /// The first instance that was not sent yet.
        unsent: Instance,
    },
}

/// Starts a server, with what an earlier incarnation saved if there was one.
///
/// It is position `me` of `peers`, and sends what is chosen on `service`. Returns at once.
pub(crate) fn make(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    let storage = persister.storage().clone();
    let mut state = State::restore(&storage);
    state.await_leader();
    let peer = Arc::new_cyclic(|this| Peer {
        this: this.clone(),
        me,
        peers,
        storage,
        state: Mutex::new(state),
        timer: Condvar::new(),
        applier: Condvar::new(),
    });
    peer.spawn("timer", Peer::run_timer);
    peer.spawn("applier", move |peer| peer.run_applier(&service));
    peer
}

impl Peer {
    /// Runs `work` on a thread of its own, and discards its result.
    pub(crate) fn spawn<T>(&self, name: &'static str, work: impl FnOnce(&Peer) -> T + Send + 'static) {
        let this = self.this.upgrade().expect("whoever calls a method holds the server");
        thread::Builder::new()
            .name(name)
            .spawn(move || {
                work(&this);
            })
            .expect("the system has room for one more thread");
    }

    /// All servers but this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = NodeId> + use<> {
        let me = self.me;
        (0..self.peers.len()).filter(move |peer| *peer != me)
    }

    /// More than half of the servers. Any two majorities have a server in common.
    pub(crate) fn majority(&self) -> usize {
        self.peers.len() / 2 + 1
    }

    /// The ballot as the labs' interface knows it.
    pub(crate) fn term(&self, ballot: Ballot) -> Term {
        Term(if ballot.round == 0 { 0 } else { ballot.number(self.peers.len()) })
    }

    /// A message has a higher ballot: this server promises it, and follows.
    pub(crate) fn adopt(&self, state: &mut State, ballot: Ballot) {
        if ballot > state.promised {
            state.promised = ballot;
            state.role = Role::Follower;
            state.await_leader();
            self.save(state, &[]);
        }
    }
}

impl Raft for Peer {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        let mut state = self.state.lock();
        let instance = self.propose(&mut state, command)?;
        let index = LogIndex(state.entries.index_of(instance));
        Some(Started { index, term: self.term(state.promised) })
    }

    fn get_state(&self) -> RaftState {
        let state = self.state.lock();
        let is_leader = matches!(state.role, Role::Leading { .. });
        RaftState { term: self.term(state.promised), is_leader }
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.compact(index.0, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.saved_bytes()
    }

    fn kill(&self) {
        let mut state = self.state.lock();
        state.killed = true;
        state.role = Role::Follower;
        self.timer.notify_all();
        self.applier.notify_all();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// The RPCs that the other servers call.
#[labrpc::service]
impl Peer {
    /// Phase 1, for all instances.
    fn prepare(&self, args: Prepare) -> Result<Promise, Nack> {
        self.handle_prepare(&args)
    }

    /// Phase 2.
    fn accept(&self, args: Accept) -> Result<Accepted, Nack> {
        self.handle_accept(args)
    }

    /// A learner has missed something.
    fn learn(&self, args: Learn) -> Learned {
        self.handle_learn(&args)
    }
}

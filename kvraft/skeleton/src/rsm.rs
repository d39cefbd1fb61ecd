//! A replicated state machine: between a service and its Raft (part 4A; snapshots: 4C).

use labapi::{ApplyMsg, Raft, Replica, StateMachine, WrongLeader};
use labrt::channel::{self, Receiver};
use labrt::sync::{Arc, Mutex};
use labrt::thread;

/// One replica.
struct Rsm {
    raft: Arc<dyn Raft>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    // Your data here (4A): who waits in `submit`, and for what.
}

/// Starts a replica of `machine`, and returns at once.
///
/// In 4C: a service that has been snapshotted begins with that snapshot (`replica.persister`), before
/// anything is applied; and `replica.max_raft_state` says from which size on Raft's log has to be cut.
pub(crate) fn make(replica: Replica, machine: Box<dyn StateMachine>) -> Arc<dyn labapi::Rsm> {
    // Raft waits at this channel until the reader takes a message.
    let (apply_ch, messages) = channel::bounded(0);
    let raft = (replica.make_raft)(replica.peers, replica.me, replica.persister, apply_ch);
    let rsm = Arc::new(Rsm { raft, state: Mutex::new(State::default()) });
    let reader = Arc::clone(&rsm);
    let thread = thread::Builder::new().name("reader").spawn(move || reader.read(machine, &messages));
    thread.expect("there is always room for a thread");
    rsm
}

impl Rsm {
    /// The reader's thread: does what Raft has committed, on *every* replica, and tells whoever waits for the
    /// answer here.
    ///
    /// - It is the only one that touches the machine.
    /// - The channel is closed after a kill. Whoever still waits must be told then.
    /// - In 4C: after a request, when `raft.persist_bytes()` has come near the limit, give Raft a snapshot.
    ///   And Raft may deliver one, in place of entries that this replica has missed: those who wait for these
    ///   will hear nothing more.
    fn read(&self, machine: Box<dyn StateMachine>, messages: &Receiver<ApplyMsg>) {
        todo!("kvraft::Rsm::read, part 4A")
    }
}

impl labapi::Rsm for Rsm {
    /// `start` says where the request *would* come. What is applied there may be another one: so mark each
    /// request with something unique, such as a random number, and compare.
    ///
    /// - It may be applied before `start` has returned to you. Who is first then, you or the reader?
    /// - A server that has lost the lead must say so at some time: another request at that index, or another
    ///   term. If all clients wait, nobody submits anything: then only a look at `raft.get_state()` from time
    ///   to time tells.
    /// - A leader that is cut off cannot know it, and has to wait. Do not give up after some seconds.
    fn submit(&self, request: Vec<u8>) -> Result<Vec<u8>, WrongLeader> {
        todo!("kvraft::Rsm::submit, part 4A")
    }

    fn raft(&self) -> Arc<dyn Raft> {
        Arc::clone(&self.raft)
    }
}

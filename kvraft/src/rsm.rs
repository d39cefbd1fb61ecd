//! The replicated state machine: has requests put in the log, does what is in the log, and brings the two
//! together.

use labapi::{ApplyMsg, LogIndex, Raft, Replica, State, StateMachine, Term, WrongLeader};
use labrt::channel::{self, Receiver, RecvTimeoutError};
use labrt::rand::{RngExt, rng};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::time::Duration;
use serde::{Deserialize, Serialize};

use crate::waiting::{RequestId, Waiting};

/// The interval at which a waiting `submit` checks whether this server still leads.
const LEADERSHIP_CHECK: Duration = Duration::from_millis(100);

/// An entry of the log: a request, and an id that distinguishes it from equal requests.
#[derive(Serialize, Deserialize)]
struct Entry {
    id: RequestId,
    #[serde(with = "labgob::bytes")]
    request: Vec<u8>,
}

/// One replica of a state machine. The machine itself belongs to the reader's thread.
struct Rsm {
    raft: Arc<dyn Raft>,
    /// The size of the Raft state in bytes from which on a snapshot is taken; `None`: never.
    max_raft_state: Option<usize>,
    /// The requests that `submit` waits for. Locked while a request is appended to the log, never while one
    /// is executed.
    waiting: Mutex<Waiting>,
}

/// Starts a replica, with what an earlier incarnation saved if there was one. Returns at once.
pub(crate) fn make(replica: Replica, mut machine: Box<dyn StateMachine>) -> Arc<dyn labapi::Rsm> {
    // Raft will deliver what comes after the snapshot.
    let snapshot = replica.persister.read_snapshot();
    if !snapshot.is_empty() {
        machine.restore(&snapshot);
    }
    let (service, messages) = channel::bounded(0);
    let rsm = Arc::new(Rsm {
        raft: (replica.make_raft)(replica.peers, replica.me, replica.persister, service),
        max_raft_state: replica.max_raft_state,
        waiting: Mutex::default(),
    });
    let reader = rsm.clone();
    thread::Builder::new()
        .name("reader")
        .spawn(move || reader.run_reader(machine, &messages))
        .expect("the system has room for one more thread");
    rsm
}

impl labapi::Rsm for Rsm {
    fn submit(&self, request: Vec<u8>) -> Result<Vec<u8>, WrongLeader> {
        let (term, answer) = self.start(request)?;
        loop {
            match answer.recv_timeout(LEADERSHIP_CHECK) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(WrongLeader),
                Err(RecvTimeoutError::Timeout) => self.check_leadership(term),
            }
        }
    }

    fn raft(&self) -> Arc<dyn Raft> {
        self.raft.clone()
    }
}

/// The submitting side.
impl Rsm {
    /// Appends a request to the log. Returns the term of the entry, and the channel for the answer.
    fn start(&self, request: Vec<u8>) -> Result<(Term, Receiver<Vec<u8>>), WrongLeader> {
        let id = rng().random();
        let entry = labgob::encode(&Entry { id, request }).expect("numbers and bytes can be encoded");

        // The request may be applied before `start` returns. The reader takes this lock to find the waiting
        // `submit`, so it finds it only when it has been added.
        let mut waiting = self.waiting.lock();
        let position = self.raft.start(entry).ok_or(WrongLeader)?;
        Ok((position.term, waiting.add(position, id)))
    }

    /// Gives up on the requests of `term` if this server does not lead it any more.
    ///
    /// Without this they could wait for ever. If another leader removes them from the log, that is not
    /// noticed here until something else is committed at their index. But perhaps nobody submits
    /// anything else, because all clients wait for these.
    ///
    /// A leader that is cut off does not know it, and goes on waiting.
    fn check_leadership(&self, term: Term) {
        if self.raft.get_state() != (State { term, is_leader: true }) {
            log::debug!("gives up on term {term}, which it leads no longer");
            self.waiting.lock().give_up(term);
        }
    }
}

/// The reader's side.
impl Rsm {
    /// The reader's thread: does what was committed, until Raft closes the channel.
    fn run_reader(&self, mut machine: Box<dyn StateMachine>, messages: &Receiver<ApplyMsg>) {
        for message in messages {
            match message {
                ApplyMsg::Command { index, command } => {
                    self.apply(&mut *machine, index, &command);
                    self.compact(&*machine, index);
                }
                ApplyMsg::Snapshot { index, snapshot, .. } => {
                    machine.restore(&snapshot);
                    self.waiting.lock().skip_to(index);
                }
            }
        }
        self.waiting.lock().close(); // Raft was killed
    }

    /// Executes a request, and sends the answer if `submit` waits for it here.
    fn apply(&self, machine: &mut dyn StateMachine, index: LogIndex, command: &[u8]) {
        let Entry { id, request } = labgob::decode(command).expect("all entries were made by `start`");
        let answer = machine.do_op(&request);
        let waiter = self.waiting.lock().take(index, id);
        if let Some(waiter) = waiter {
            let _ = waiter.send(answer); // in a crash, the receiver may be gone first
        }
    }

    /// Replaces the log up to `index`, the last entry that was done, by a snapshot if it is too large.
    fn compact(&self, machine: &dyn StateMachine, index: LogIndex) {
        if self.max_raft_state.is_some_and(|max| self.raft.persist_bytes() >= max) {
            self.raft.snapshot(index, machine.snapshot());
        }
    }
}

//! The replicated state machine: has requests put in the log, does what is in the log, and brings the two together.

use labapi::{ApplyMsg, LogIndex, Raft, Replica, State, StateMachine, Term, WrongLeader};
use labrt::channel::{self, Receiver, RecvTimeoutError};
use labrt::rand::{RngExt, rng};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::time::Duration;
use serde::{Deserialize, Serialize};

use crate::waiting::{RequestId, Waiting};

/// How often somebody who waits looks whether this server still leads.
const LEADERSHIP_CHECK: Duration = Duration::from_millis(100);

/// What is in the log: a request, and what tells it from others that look the same.
#[derive(Serialize, Deserialize)]
struct Entry {
    id: RequestId,
    #[serde(with = "labgob::bytes")]
    request: Vec<u8>,
}

/// One replica of a state machine. The machine itself belongs to the reader's thread.
struct Rsm {
    raft: Arc<dyn Raft>,
    /// How large the Raft state may become before a snapshot, in bytes; `None`: as large as it likes.
    max_raft_state: Option<usize>,
    /// Who waits for what. Held while a request gets its place in the log, never while one is done.
    waiting: Mutex<Waiting>,
}

/// Starts a replica, with what it saved in an earlier life if there was one. Returns at once.
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

/// The side of those who submit.
impl Rsm {
    /// Puts a request in the log. Returns the term in which that was done, and where the answer will come.
    fn start(&self, request: Vec<u8>) -> Result<(Term, Receiver<Vec<u8>>), WrongLeader> {
        let id = rng().random();
        let entry = labgob::encode(&Entry { id, request }).expect("numbers and bytes can be encoded");

        // The request may be applied before `start` returns. The reader must not look for who waits for
        // it until that is known, so it has to wait for this lock.
        let mut waiting = self.waiting.lock();
        let place = self.raft.start(entry).ok_or(WrongLeader)?;
        Ok((place.term, waiting.add(place, id)))
    }

    /// Gives up on the requests of `term` if this server does not lead it any more.
    ///
    /// Without this they could wait for ever. If another leader removes them from the log, that is not
    /// noticed here until something else is committed in their place. But perhaps nobody submits
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

    /// Does a request, and tells who waits for it.
    fn apply(&self, machine: &mut dyn StateMachine, index: LogIndex, command: &[u8]) {
        let Entry { id, request } = labgob::decode(command).expect("all entries were made by `start`");
        let answer = machine.do_op(&request);
        let waiter = self.waiting.lock().take(index, id);
        if let Some(waiter) = waiter {
            let _ = waiter.send(answer); // in a crash, whoever waited may be gone first
        }
    }

    /// Replaces the log up to `index`, the last entry that was done, by a snapshot if it is too large.
    fn compact(&self, machine: &dyn StateMachine, index: LogIndex) {
        if self.max_raft_state.is_some_and(|max| self.raft.persist_bytes() >= max) {
            self.raft.snapshot(index, machine.snapshot());
        }
    }
}

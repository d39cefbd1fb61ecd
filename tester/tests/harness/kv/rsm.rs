//! The double's replica.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use labapi::{ApplyMsg, LogIndex, Raft, Replica, State, StateMachine, WrongLeader};
use labrt::channel::{self, Receiver, RecvTimeoutError, Sender};
use labrt::rand::{RngExt, rng};
use labrt::sync::Mutex;
use labrt::thread;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::injected;

#[derive(Serialize, Deserialize)]
struct Entry {
    id: u64,
    request: Vec<u8>,
    padding: String,
}

struct Rsm {
    fault: Fault,
    me: usize,
    raft: Arc<dyn Raft>,
    max_raft_state: Option<usize>,
    machine: Mutex<Box<dyn StateMachine>>,
    waiting: Mutex<Waiting>,
    submits: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    at: BTreeMap<LogIndex, (u64, Sender<Vec<u8>>)>,
    closed: bool,
    /// The requests that were executed before they were committed.
    done: Vec<u64>,
}

pub fn make(fault: Fault, replica: Replica, mut machine: Box<dyn StateMachine>) -> Arc<dyn labapi::Rsm> {
    let snapshot = replica.persister.read_snapshot();
    if !snapshot.is_empty() && fault != Fault::IgnoresSnapshot {
        machine.restore(&snapshot);
    }
    let (service, messages) = channel::bounded(0);
    let rsm = Arc::new(Rsm {
        fault,
        me: replica.me,
        raft: (replica.make_raft)(replica.peers, replica.me, replica.persister, service),
        max_raft_state: replica.max_raft_state,
        machine: Mutex::new(machine),
        waiting: Mutex::default(),
        submits: AtomicU64::new(0),
    });
    let reader = Arc::clone(&rsm);
    thread::spawn(move || reader.read(&messages));
    rsm
}

impl labapi::Rsm for Rsm {
    fn submit(&self, request: Vec<u8>) -> Result<Vec<u8>, WrongLeader> {
        if self.fault == Fault::RefusesAll || self.fault == Fault::Injected && injected::is_submit_refused() {
            return Err(WrongLeader);
        }
        let is_early = self.fault == Fault::DoesBeforeCommit && self.submits.load(Ordering::Relaxed) > 0;
        let id = rng().random();
        let padding = "x".repeat(if self.fault == Fault::NeverSnapshots { 200 } else { 0 });
        let entry = labgob::encode(&Entry { id, request: request.clone(), padding }).expect("an entry");
        let (term, answer) = {
            let mut waiting = self.waiting.lock();
            if self.fault == Fault::StartsTwice {
                self.raft.start(entry.clone()).ok_or(WrongLeader)?;
            }
            let position = self.raft.start(entry).ok_or(WrongLeader)?;
            let (sender, receiver) = channel::bounded(1);
            if !waiting.closed {
                waiting.at.insert(position.index, (id, sender));
            }
            if is_early {
                waiting.done.push(id);
            }
            (position.term, receiver)
        };
        if is_early {
            return Ok(self.machine.lock().do_op(&request));
        }
        if self.submits.fetch_add(1, Ordering::Relaxed) == 2 && self.fault == Fault::RefusesOne {
            return Err(WrongLeader);
        }
        let mut rounds = 0;
        loop {
            let pause = Duration::from_millis(100);
            match answer.recv_timeout(pause) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(WrongLeader),
                Err(RecvTimeoutError::Timeout) => {}
            }
            rounds += 1;
            match self.fault {
                Fault::AnswersWithoutCommit if rounds == 2 => return Ok(Vec::new()),
                Fault::TimesOut if rounds == 5 => return Err(WrongLeader),
                Fault::NeverGivesUp | Fault::AnswersForOthers => {}
                _ if self.raft.get_state() == (State { term, is_leader: true }) => {}
                _ => return Err(WrongLeader),
            }
        }
    }

    fn raft(&self) -> Arc<dyn Raft> {
        Arc::clone(&self.raft)
    }
}

impl Rsm {
    fn read(&self, messages: &Receiver<ApplyMsg>) {
        let mut held = None;
        let mut old = None;
        for message in messages {
            let (index, command) = match message {
                ApplyMsg::Command { index, command } => (index, command),
                ApplyMsg::Snapshot { index, snapshot, .. } => {
                    self.machine.lock().restore(&snapshot);
                    let mut waiting = self.waiting.lock();
                    waiting.at = waiting.at.split_off(&index.next());
                    continue;
                }
            };
            match (self.fault, self.me, index.0) {
                (Fault::SwapsTwo, _, 2) if !self.raft.get_state().is_leader => {
                    held = Some((index, command));
                    continue;
                }
                (Fault::StopsAtTwo, 2, 2..) => continue,
                (Fault::Injected, _, _)
                    if !injected::is_applied(&*self.raft, self.submits.load(Ordering::Relaxed) > 0) =>
                {
                    continue;
                }
                _ => {}
            }
            self.apply(index, &command);
            if let Some((index, command)) = held.take() {
                self.apply(index, &command);
            }
            self.compact(index, &mut old);
        }
        if self.fault == Fault::SurvivesKill {
            thread::sleep(Duration::from_secs(3600));
        }
        let mut waiting = self.waiting.lock();
        waiting.closed = true;
        waiting.at.clear();
    }

    fn apply(&self, index: LogIndex, command: &[u8]) {
        let Entry { id, request, .. } = labgob::decode(command).expect("an entry");
        if self.waiting.lock().done.contains(&id) {
            return;
        }
        let answer = match (self.fault, index.0) {
            (Fault::OtherBytes, 2) => self.machine.lock().do_op(&[7; 5]),
            _ => self.machine.lock().do_op(&request),
        };
        let mut waiting = self.waiting.lock();
        let is_own = waiting.at.get(&index).is_some_and(|(waits_for, _)| *waits_for == id);
        match self.fault {
            // The waiting submit is not told that another request took the place of its own.
            Fault::NeverGivesUp if !is_own => {}
            fault => {
                let waiter = waiting.at.remove(&index);
                if let Some((_, sender)) = waiter.filter(|_| is_own || fault == Fault::AnswersForOthers) {
                    let _ = sender.send(answer);
                }
            }
        }
    }

    /// Takes a snapshot if it is due. `old` is one that was taken before, and its index.
    fn compact(&self, index: LogIndex, old: &mut Option<(LogIndex, Vec<u8>)>) {
        let mut machine = self.machine.lock();
        match self.fault {
            Fault::NeverSnapshots => return,
            Fault::AlwaysSnapshots if index.0.is_multiple_of(10) => {
                self.raft.snapshot(index, machine.snapshot());
            }
            Fault::RestoresTooLate if index.0 == 10 => *old = Some((index, machine.snapshot())),
            Fault::RestoresOtherBytes if index.0 == 10 => machine.restore(&[255; 5]),
            Fault::RestoresMore if index.0 == 10 => {
                machine.restore(&labgob::encode(&(1000_u64, 1000_u64)).expect("two numbers"));
            }
            _ => {}
        }
        if let Some((taken, snapshot)) = old
            && index.0 == taken.0 + 10
        {
            machine.restore(snapshot);
        }
        if self.max_raft_state.is_some_and(|max| self.raft.persist_bytes() >= max) {
            self.raft.snapshot(index, machine.snapshot());
        }
    }
}

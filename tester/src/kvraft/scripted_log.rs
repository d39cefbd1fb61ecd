//! [`ScriptedLog`]: a replicated log of one server, whose leadership and commits a test decides.
//!
//! A Raft needs election timers and messages to change its leader. So a server that is deposed and elected
//! again is without the lead for longer than most replicas need to notice it. Nothing promises them so much
//! time: `labapi::Raft` may be any log with a leader, and a Raft may hand the lead over at once (Ongaro's
//! thesis, §3.10). On this log a replica meets such changes, and its own memory and snapshots can be counted
//! without those of a Raft.
//!
//! It does what a Raft may do that has other peers, which nobody sees. It is steered by calls over the
//! network, because a replica makes its log by itself. It does not survive a crash.

use std::collections::VecDeque;

use labapi::{ApplyMsg, LogIndex, Raft, Started, State, Term};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::sync::{Arc, Condvar, Mutex};
use persister::Persister;
use serde::{Deserialize, Serialize};

use crate::Cluster;
use crate::event::Party;
use crate::protocol::Protocol;
use crate::raft::ReplicatedLog;

/// The log for the replicas of a test.
pub(super) const SCRIPTED_LOG: ReplicatedLog =
    ReplicatedLog { make, invariants: |_, _| Vec::new(), analyses: |_, _| Vec::new() };

/// What a test tells the log.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Step {
    /// So many terms have passed, and the server leads the last of them. Its log has stayed the same.
    Elected { terms: u64 },
    /// The server does not lead any more, in the next term.
    Deposed,
    /// A majority is there, and commits what this leader has appended and all before; or there is none.
    Majority(bool),
    /// Nothing.
    Look,
}

/// What the log has been used for so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Usage {
    /// Bytes of the entries that were appended, as they are saved.
    pub appended: usize,
    /// Snapshots that replaced entries.
    pub snapshots: usize,
    /// Bytes of memory that its entries and its snapshot take at present, and what is saved of them.
    pub held: usize,
}

/// Bytes of the saved state besides the entries: the term, and the last index before them.
const HEAD: usize = 16;

/// Bytes of a saved entry besides its command: its term, and the length of the command.
const ENTRY_HEAD: usize = 12;

struct ScriptedLog {
    state: Mutex<LogState>,
    /// Notified when there is something to deliver, or no more.
    changed: Condvar,
    persister: Persister,
}

#[derive(Default)]
struct LogState {
    term: Term,
    is_leader: bool,
    majority: bool,
    is_killed: bool,
    /// The last index that the snapshot replaces.
    base: u64,
    /// The entries after it, each with its term.
    entries: VecDeque<(Term, Vec<u8>)>,
    committed: u64,
    delivered: u64,
    snapshot: Vec<u8>,
    usage: Usage,
}

fn make(_: Vec<ClientEnd>, _: usize, persister: Persister, service: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    ScriptedLog::start(persister, service)
}

impl ScriptedLog {
    fn start(persister: Persister, service: Sender<ApplyMsg>) -> Arc<Self> {
        let log = Arc::new(Self { state: Mutex::default(), changed: Condvar::new(), persister });
        let delivering = Arc::clone(&log);
        labrt::thread::spawn(
            move || while delivering.next_message().is_some_and(|it| service.send(it).is_ok()) {},
        );
        log
    }

    /// Waits for the next message to the service; `None`: it was killed.
    fn next_message(&self) -> Option<ApplyMsg> {
        let mut state = self.state.lock();
        self.changed.wait_while(&mut state, |state| !state.is_killed && state.delivered >= state.committed);
        if state.is_killed {
            return None;
        }
        // What was delivered before may be in a snapshot by now, and not what comes next.
        let (_, command) = &state.entries[usize::try_from(state.delivered - state.base).ok()?];
        let command = command.clone();
        state.delivered += 1;
        Some(ApplyMsg::Command { index: LogIndex(state.delivered), command })
    }

    /// Saves the state, and commits what can be.
    fn advance(&self, state: &mut LogState) {
        let mut saved = Vec::with_capacity(state.bytes());
        saved.extend(state.term.0.to_le_bytes());
        saved.extend(state.base.to_le_bytes());
        for (term, command) in &state.entries {
            saved.extend(term.0.to_le_bytes());
            saved.extend((command.len() as u32).to_le_bytes());
            saved.extend(command);
        }
        self.persister.save(&saved, &state.snapshot);
        // A leader commits entries of earlier terms along with one of its own (§5.4.2).
        let is_own = state.entries.back().is_some_and(|(term, _)| *term == state.term);
        if state.is_leader && state.majority && is_own {
            state.committed = state.last_index();
            self.changed.notify_all();
        }
    }
}

impl LogState {
    fn last_index(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    fn bytes(&self) -> usize {
        HEAD + self.entries.iter().map(|(_, command)| ENTRY_HEAD + command.len()).sum::<usize>()
    }
}

#[labrpc::service]
impl ScriptedLog {
    fn steer(&self, step: Step) -> Usage {
        let mut state = self.state.lock();
        match step {
            Step::Elected { terms } => (state.term.0, state.is_leader) = (state.term.0 + terms, true),
            Step::Deposed => (state.term.0, state.is_leader) = (state.term.0 + 1, false),
            Step::Majority(majority) => state.majority = majority,
            Step::Look => {}
        }
        if !matches!(step, Step::Look) {
            self.advance(&mut state);
        }
        // Once in the log, and once in the storage.
        Usage { held: 2 * (state.bytes() + state.snapshot.len()), ..state.usage }
    }
}

impl Raft for ScriptedLog {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        let mut state = self.state.lock();
        if !state.is_leader || state.is_killed {
            return None;
        }
        let term = state.term;
        state.usage.appended += ENTRY_HEAD + command.len();
        state.entries.push_back((term, command));
        self.advance(&mut state);
        Some(Started { index: LogIndex(state.last_index()), term })
    }

    fn get_state(&self) -> State {
        let state = self.state.lock();
        State { term: state.term, is_leader: state.is_leader && !state.is_killed }
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        let mut state = self.state.lock();
        if index.0 <= state.base {
            return;
        }
        assert!(
            index.0 <= state.delivered,
            "a snapshot up to index {index}, when {} was delivered last",
            state.delivered
        );
        while state.base < index.0 {
            state.entries.pop_front();
            state.base += 1;
        }
        state.snapshot = snapshot;
        state.usage.snapshots += 1;
        self.advance(&mut state);
    }

    fn persist_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }

    fn kill(&self) {
        self.state.lock().is_killed = true;
        self.changed.notify_all();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        [self.service()].into()
    }
}

/// The test's hand on the log of the only server.
pub(super) struct Script {
    log: ClientEnd,
}

impl Script {
    /// The log of this cluster's server, which leads term 1 with a majority from now on.
    pub fn begin<P: Protocol>(cluster: &Cluster<P>) -> Self {
        let (name, log) = cluster.make_end(Party::Tester, 0);
        cluster.network().enable(&name, true);
        let script = Self { log };
        script.elected_after(1);
        script.majority(true);
        script
    }

    /// The server has not led for so many terms less one, and leads the last of them.
    pub fn elected_after(&self, terms: u64) {
        self.tell(Step::Elected { terms });
    }

    /// The server is deposed.
    pub fn deposed(&self) {
        self.tell(Step::Deposed);
    }

    /// A majority is there from now on, or there is none.
    pub fn majority(&self, is_there: bool) {
        self.tell(Step::Majority(is_there));
    }

    /// What the log has been used for.
    pub fn usage(&self) -> Usage {
        self.tell(Step::Look)
    }

    fn tell(&self, step: Step) -> Usage {
        // Nothing is lost on a reliable network. After the end of a run there is no answer.
        self.log.steer(&step).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use labrt::channel::{self, Receiver};
    use labrt::world::{Options, simulate};

    use super::*;

    /// The last index that is delivered within a moment after this step.
    fn delivered(log: &Arc<ScriptedLog>, messages: &Receiver<ApplyMsg>, step: Step) -> Option<u64> {
        log.steer(step);
        let moment = std::time::Duration::from_millis(1);
        let received = std::iter::from_fn(|| messages.recv_timeout(moment).ok());
        let index = |message| match message {
            ApplyMsg::Command { index, .. } | ApplyMsg::Snapshot { index, .. } => index.0,
        };
        received.map(index).last()
    }

    #[test]
    fn entries_of_earlier_terms_are_committed_with_one_of_the_leaders_own() {
        let run = simulate(Options::new(1), |_| {
            let (service, messages) = channel::bounded(0);
            let log = ScriptedLog::start(Persister::new(), service);
            let start = || log.start(b"command".to_vec()).map(|it| (it.index.0, it.term.0));
            assert_eq!(start(), None, "it does not lead");
            log.steer(Step::Elected { terms: 1 });
            assert_eq!(start(), Some((1, 1)));
            assert_eq!(delivered(&log, &messages, Step::Deposed), None);
            assert_eq!(start(), None, "it does not lead any more");
            assert_eq!(delivered(&log, &messages, Step::Elected { terms: 2 }), None);
            assert_eq!(delivered(&log, &messages, Step::Majority(true)), None, "an entry of term 1");
            log.steer(Step::Majority(false));
            assert_eq!(start(), Some((2, 4)));
            assert_eq!(delivered(&log, &messages, Step::Look), None, "no majority");
            assert_eq!(delivered(&log, &messages, Step::Majority(true)), Some(2));

            // Two entries of 7 bytes.
            assert_eq!(log.persist_bytes(), HEAD + 2 * (ENTRY_HEAD + 7));
            log.snapshot(LogIndex(2), b"both".to_vec());
            log.snapshot(LogIndex(1), b"one".to_vec());
            assert_eq!(log.persist_bytes(), HEAD);
            let usage = log.steer(Step::Look);
            assert_eq!((usage.appended, usage.snapshots), (2 * (ENTRY_HEAD + 7), 1));
            log.kill();
            assert!(messages.recv().is_err(), "the channel is closed");
        });
        assert!(run.result.is_ok(), "{:?}", run.result);
    }
}

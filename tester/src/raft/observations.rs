//! [`Observations`]: what the invariants of a cluster of Raft peers have seen, for the tests to ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{LogIndex, Raft, Term};
use parking_lot::Mutex;

use super::command::Command;
use super::event::{Question, RaftEvent};
use super::invariants::{AppliedLog, Leaders, all};
use crate::invariant::Invariant;
use crate::protocol::NodeEnv;

/// What has been seen of a cluster of Raft peers. Clones are the same.
#[derive(Clone, Default)]
pub struct Observations {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    questions: AtomicU64,
    log: Arc<Mutex<AppliedLog>>,
    leaders: Arc<Mutex<Leaders>>,
}

impl Observations {
    /// Raft's invariants for `servers` servers. What they see is found here.
    #[must_use]
    pub fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        all(servers, &self.shared.log, &self.shared.leaders)
    }

    /// The service's state after the entry at `index`, which some server has applied.
    pub(super) fn snapshot(&self, index: LogIndex) -> Arc<[u8]> {
        self.shared.log.lock().snapshot(index)
    }

    /// The command that was applied at `index`, by whomever.
    pub(super) fn command(&self, index: LogIndex) -> Option<Command> {
        self.shared.log.lock().command(index).cloned()
    }

    /// The highest index that any server ever applied.
    pub(super) fn max_index(&self) -> LogIndex {
        self.shared.log.lock().max_index()
    }

    /// A number for a question of the test.
    pub(super) fn next_question(&self) -> Question {
        Question::Test(self.shared.questions.fetch_add(1, Ordering::Relaxed))
    }

    fn knows_leader(&self, server: usize, term: Term) -> bool {
        self.shared.leaders.lock().knows(server, term)
    }

    /// Looks at the state of a server each time its threads have come to rest. `applied` tells the highest index
    /// that this incarnation has applied.
    pub fn probe(
        &self,
        env: &NodeEnv<'_>,
        raft: Arc<dyn Raft>,
        applied: impl Fn() -> LogIndex + Send + 'static,
    ) {
        let (observations, events) = (self.clone(), env.events());
        let mut last_seen = None;
        events.emit(&RaftEvent::Asked { question: Question::Probe });
        env.when_quiet(move || {
            // In this order: the term asked for thereafter is not below that of the entries.
            let applied = applied();
            events.emit(&RaftEvent::Asked { question: Question::Probe });
            let state = raft.get_state();
            if last_seen == Some((applied, state)) {
                return;
            }
            if state.is_leader && !observations.knows_leader(events.who().server, state.term) {
                events.emit(&RaftEvent::Looked { state });
                if raft.get_state() != state {
                    return;
                }
            }
            last_seen = Some((applied, state));
            events.emit(&RaftEvent::AtRest { state, applied });
        });
    }

    /// Has the invariants look at the Raft of an instance, and keeps the instance for as long as the incarnation
    /// lasts. What it applies they cannot see.
    pub fn probe_and_keep<I: ?Sized + Send + Sync + 'static>(
        &self,
        env: &NodeEnv<'_>,
        raft: Arc<dyn Raft>,
        instance: &Arc<I>,
    ) {
        let kept = Arc::clone(instance);
        self.probe(env, raft, move || {
            let _ = &kept;
            LogIndex(0)
        });
    }
}

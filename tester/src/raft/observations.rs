//! [`Observations`]: the observations of the invariants of a cluster of Raft peers, for the tests to query.

use std::sync::Arc;

use labapi::{LogIndex, Raft, Term};
use parking_lot::Mutex;

use super::analysis::RaftAnalysis;
use super::command::Command;
use super::event::{ProbeTimes, RaftEvent};
use super::inspected::Inspector;
use super::invariants::{AppliedLog, Leaders, all, of_any_membership};
use crate::event::Incarnation;
use crate::invariant::Invariant;
use crate::protocol::NodeEnv;
use crate::rule::Analysis;

/// Observations of a cluster of Raft peers. Clones share their state.
#[derive(Clone, Default)]
pub struct Observations {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    log: Arc<Mutex<AppliedLog>>,
    leaders: Arc<Mutex<Leaders>>,
    /// The last answered probe of each server, and its incarnation.
    last_probes: Mutex<Vec<Option<(u32, ProbeTimes)>>>,
}

impl Observations {
    /// Raft's invariants for `servers` servers. Their observations are found here.
    #[must_use]
    pub fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        all(servers, &self.shared.log, &self.shared.leaders)
    }

    /// Those of Raft's invariants for a cluster that begins with `servers` servers that hold whichever of
    /// them vote.
    #[must_use]
    pub fn invariants_of_any_membership(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        of_any_membership(servers, &self.shared.log, &self.shared.leaders)
    }

    /// The analysis of `servers` Raft peers. `services_tell`: whether their services emit
    /// [`RaftEvent::Applied`].
    #[must_use]
    pub fn analyses(servers: usize, services_tell: bool) -> Vec<Box<dyn Analysis>> {
        vec![Box::new(RaftAnalysis::new(servers, services_tell))]
    }

    /// The service's state after the entry at `index`, which some server has applied.
    pub(super) fn snapshot(&self, index: LogIndex) -> Arc<[u8]> {
        self.shared.log.lock().snapshot(index)
    }

    /// The command that was applied at `index`, by any server.
    pub(super) fn command(&self, index: LogIndex) -> Option<Command> {
        self.shared.log.lock().command(index).cloned()
    }

    /// The highest index that any server ever applied.
    pub(crate) fn max_index(&self) -> LogIndex {
        self.shared.log.lock().max_index()
    }

    /// The last answered probe of an incarnation.
    pub(super) fn last_probe(&self, who: Incarnation) -> Option<ProbeTimes> {
        let last_probes = self.shared.last_probes.lock();
        let (incarnation, probe) = last_probes.get(who.server).copied().flatten()?;
        (incarnation == who.number).then_some(probe)
    }

    fn record_probe(&self, who: Incarnation, probe: ProbeTimes) {
        let mut last_probes = self.shared.last_probes.lock();
        if last_probes.len() <= who.server {
            last_probes.resize(who.server + 1, None);
        }
        last_probes[who.server] = Some((who.number, probe));
    }

    fn knows_leader(&self, server: usize, term: Term) -> bool {
        self.shared.leaders.lock().knows(server, term)
    }

    /// Probes the state of a server each time its threads have come to rest. `applied` returns the highest
    /// index that this incarnation has applied.
    pub fn probe(
        &self,
        env: &NodeEnv<'_>,
        raft: Arc<dyn Raft>,
        applied: impl Fn() -> LogIndex + Send + 'static,
    ) {
        let (observations, events) = (self.clone(), env.events());
        let mut last_seen = None;
        let mut before = [events.position(); 2];
        let mut inspector = Inspector::new(events.clone());
        env.when_quiet(move || {
            // In this order: the term queried thereafter is not below that of the entries.
            let applied = applied();
            let probe = ProbeTimes { asked: events.position(), before };
            before = [probe.asked, before[0]];
            let state = raft.get_state();
            // At the same moment.
            let tells_more = inspector.ask(&*raft);
            observations.record_probe(events.who(), probe);
            let news = last_seen != Some((applied, state));
            let changed = last_seen.is_none_or(|(_, last)| last != state);
            if news && changed {
                if state.is_leader && !observations.knows_leader(events.who().server, state.term) {
                    events.emit(&RaftEvent::ProbedOnce { probe, state });
                    if raft.get_state() != state {
                        return;
                    }
                }
                events.emit(&RaftEvent::Probed { probe, state });
            }
            if news {
                last_seen = Some((applied, state));
                events.emit(&RaftEvent::AppliedInTerm { applied, term: state.term });
            }
            if tells_more {
                inspector.emit();
            }
        });
    }

    /// Probes the Raft of an instance, and keeps the instance for as long as the incarnation lasts. The
    /// entries that it applies are not visible to the invariants.
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

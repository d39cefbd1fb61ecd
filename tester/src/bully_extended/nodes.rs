//! [`CuredBullyNodes`]: a node of one of Bully's cured forms on each server.

use std::sync::Arc;

use labapi::{BullyExtended, CuredBully};

use super::analysis::BullyAnalysis;
use super::event::CuredBullyEvent;
use super::invariants;
use crate::bully::FollowsLeader;
use crate::event::EventSource;
use crate::invariant::Invariant;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::rule::Analysis;

/// A form: what the nodes of a test have to be. Each of the first four has the cures of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BullyForm {
    /// Part B2: every message has a generation.
    Generations,
    /// Part B3: the others are asked before an election.
    Inquiries,
    /// Part B4: a leader needs a quorum.
    Quorum,
    /// Part B5: states are published in two phases.
    Publishes,
    /// Part B6: priorities, votes and a vote lock.
    Priorities,
}

/// The protocol of the tests of Bully's cures.
pub struct CuredBullyNodes {
    solution: BullyExtended,
    form: BullyForm,
    priorities: Vec<u32>,
}

impl CuredBullyNodes {
    /// Nodes of this form of `solution`. `priorities` has one number a node.
    #[must_use]
    pub fn new(solution: BullyExtended, form: BullyForm, priorities: Vec<u32>) -> Self {
        Self { solution, form, priorities }
    }

    /// The form.
    #[must_use]
    pub fn form(&self) -> BullyForm {
        self.form
    }
}

/// What a node said when it was asked last.
#[derive(Default)]
struct Heard {
    view: Option<labapi::BullyView>,
    vote: Option<usize>,
    version: Option<u64>,
}

impl Heard {
    /// Asks the node, and emits what is new.
    fn ask(&mut self, node: &dyn CuredBully, form: BullyForm, events: &EventSource) {
        let view = node.view();
        if self.view.replace(view) != Some(view) {
            events.emit(&CuredBullyEvent::Views(view));
        }
        if form == BullyForm::Priorities {
            let candidate = node.vote();
            if std::mem::replace(&mut self.vote, candidate) != candidate {
                events.emit(&CuredBullyEvent::Votes { candidate });
            }
        }
        if form == BullyForm::Publishes {
            let known = node.published();
            let version = known.as_ref().map(|known| known.version);
            if std::mem::replace(&mut self.version, version) != version {
                events.emit(&known.map_or(CuredBullyEvent::Forgot, CuredBullyEvent::Knows));
            }
        }
    }
}

impl Protocol for CuredBullyNodes {
    type Instance = dyn CuredBully;

    fn invariants(&self, _servers: usize) -> Vec<Box<dyn Invariant>> {
        invariants::of(self.form)
    }

    fn analyses(&self, servers: usize) -> Vec<Box<dyn Analysis>> {
        vec![Box::new(BullyAnalysis::new(self.form, servers))]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn CuredBully>> {
        let (solution, form, priorities) = (self.solution, self.form, self.priorities.clone());
        let (peers, me, storage) = (env.peers(), env.me(), env.storage());
        let (node, services) = env.make("make", move || {
            let node = match form {
                BullyForm::Generations => (solution.generations)(peers, me),
                BullyForm::Inquiries => (solution.asks_others)(peers, me),
                BullyForm::Quorum => (solution.quorum)(peers, me),
                BullyForm::Publishes => (solution.publishes)(peers, me, storage),
                BullyForm::Priorities => (solution.priorities)(peers, me, priorities),
            };
            let services = Arc::clone(&node).services();
            (node, services)
        })?;
        let (events, probed, mut heard) = (env.events(), Arc::clone(&node), Heard::default());
        env.when_quiet(move || heard.ask(&*probed, form, &events));
        Some(StartedNode { instance: node, services })
    }

    fn stop(instance: &dyn CuredBully) {
        instance.kill();
    }
}

impl FollowsLeader for CuredBullyNodes {
    fn leader(instance: &Arc<dyn CuredBully>) -> Option<usize> {
        instance.leader()
    }
}

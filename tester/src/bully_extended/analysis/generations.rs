//! [`Generations`]: who leads in which generation, and what is acknowledged after what (rules BU1 and BU2).

use std::collections::BTreeMap;

use labrpc::Step;

use super::calls::{CallStep, Purpose};
use crate::bully_extended::rules::{BU1, BU2};
use crate::key_value::finding;
use crate::rule::{BrokenRule, RuleEvent};

/// What leaders have said, and to whom.
#[derive(Default)]
pub(super) struct Generations {
    /// The first who led in each generation, and the message that showed it.
    leaders: BTreeMap<u64, (usize, RuleEvent)>,
    /// The newest generation that each node has acknowledged a leader's message of, in its incarnation.
    acknowledged: BTreeMap<usize, (u64, RuleEvent)>,
}

impl Generations {
    /// A node starts: it may have forgotten.
    pub fn started(&mut self, server: usize) {
        self.acknowledged.remove(&server);
    }

    pub fn message(&mut self, step: &CallStep) -> Option<BrokenRule> {
        let call = &step.call;
        let generation = call.generation?;
        if !matches!(call.purpose, Purpose::Victory | Purpose::Heartbeat | Purpose::Publish) {
            return None;
        }
        match step.step {
            Step::RequestSent { .. } => {
                let (first, event) =
                    self.leaders.entry(generation).or_insert_with(|| (call.from, step.event.clone()));
                if *first == call.from {
                    return None;
                }
                let headline =
                    format!("servers {first} and {} both lead in generation {generation}", call.from);
                let events = vec![event.clone(), step.event.clone()];
                Some(finding(&BU1, format!("server {}", call.from), headline, events, step.location))
            }
            Step::ReplySent if step.is_yes() == Some(true) => {
                let newest = self.acknowledged.get(&call.to).cloned();
                match newest {
                    Some((newer, event)) if newer > generation => {
                        // It may have taken the older message before the newer one.
                        if call.arrived.is_none_or(|(arrived, _)| arrived < event.number) {
                            return None;
                        }
                        let headline = format!(
                            "server {} acknowledges a message of generation {generation} after one of \
                             generation {newer}",
                            call.to
                        );
                        let events = vec![event, call.sent.clone(), step.event.clone()];
                        Some(finding(&BU2, format!("server {}", call.to), headline, events, step.location))
                    }
                    _ => {
                        self.acknowledged.insert(call.to, (generation, step.event.clone()));
                        None
                    }
                }
            }
            _ => None,
        }
    }
}

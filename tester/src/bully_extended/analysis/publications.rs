//! [`Publications`]: who had acknowledged what is committed (rule BU5).

use std::collections::{BTreeMap, BTreeSet};

use labrpc::Step;

use super::calls::{CallStep, Purpose};
use crate::bully_extended::rules::BU5;
use crate::display::Servers;
use crate::key_value::finding;
use crate::rule::{BrokenRule, RuleEvent};

/// The publications, by generation and version.
pub(super) struct Publications {
    majority: usize,
    published: BTreeMap<(u64, u64), Published>,
}

struct Published {
    /// The first message of it.
    sent: RuleEvent,
    /// Those of whom the leader knows that they have acknowledged it.
    acknowledged: BTreeSet<usize>,
}

impl Publications {
    pub fn new(majority: usize) -> Self {
        Self { majority, published: BTreeMap::new() }
    }

    pub fn message(&mut self, step: &CallStep) -> Option<BrokenRule> {
        let call = &step.call;
        let version = (call.generation?, call.version?);
        match (call.purpose, step.step) {
            (Purpose::Publish, Step::RequestSent { .. }) => {
                let published = || Published { sent: step.event.clone(), acknowledged: BTreeSet::new() };
                self.published.entry(version).or_insert_with(published);
                None
            }
            (Purpose::Publish, Step::ReplyDelivered) => {
                // An answer that cannot be read may be an acknowledgement.
                if step.is_yes().unwrap_or(true) {
                    self.published.get_mut(&version)?.acknowledged.insert(call.to);
                }
                None
            }
            (Purpose::Commit, Step::RequestSent { .. }) => {
                let Published { sent, acknowledged } = self.published.get(&version)?;
                if acknowledged.len() + 1 >= self.majority {
                    return None;
                }
                let servers: Vec<usize> = acknowledged.iter().copied().collect();
                let headline = format!(
                    "server {} commits version {}, which {} acknowledged, besides itself",
                    call.from,
                    version.1,
                    if servers.is_empty() {
                        "nobody has".to_owned()
                    } else {
                        format!("only {} has", Servers(&servers))
                    }
                );
                let events = vec![sent.clone(), step.event.clone()];
                Some(finding(&BU5, format!("server {}", call.from), headline, events, step.location))
            }
            _ => None,
        }
    }
}

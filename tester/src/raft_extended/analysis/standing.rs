//! [`Standing`]: servers that are told to stand, and lack entries (rule LT1).

use std::collections::BTreeMap;

use labrpc::Step;

use super::calls::{CallStep, Purpose};
use crate::RaftEvent;
use crate::event::Event;
use crate::key_value::finding;
use crate::raft_extended::rules::LT1;
use crate::rule::{BrokenRule, RuleEvent};

/// What leaders have accepted, and what others have acknowledged to them.
#[derive(Default)]
pub(super) struct Standing {
    /// By leader and term: the last index that it has accepted a command for.
    accepted: BTreeMap<(usize, u64), (u64, RuleEvent)>,
    /// By leader, term and follower: the last index that the follower has acknowledged; `None`: it has
    /// answered something that says nothing of the index, such as a snapshot.
    acknowledged: BTreeMap<(usize, u64, usize), Option<u64>>,
}

impl Standing {
    pub fn on(&mut self, event: &Event<'_>, message: Option<&CallStep>) -> Vec<BrokenRule> {
        if let (Some(who), Some(RaftEvent::Accepted { position, .. })) = (event.server(), event.protocol()) {
            let (index, term) = (position.index.0, position.term.0);
            let what = format!("{who} accepts a command for index {index} in term {term}");
            let (number, time) = (event.number, event.at.as_secs_f64());
            let told = RuleEvent { number, time, server: who.to_string(), what };
            self.accepted.insert((who.server, term), (index, told));
        }
        message.and_then(|step| self.message(step)).into_iter().collect()
    }

    fn message(&mut self, step: &CallStep) -> Option<BrokenRule> {
        let call = &step.call;
        let term = call.term?;
        let of_follower = (call.from, term, call.to);
        match (step.step, call.purpose) {
            (Step::ReplyDelivered, Purpose::Leads) => {
                let known = self.acknowledged.entry(of_follower).or_insert(Some(0));
                match (call.last_index, step.yes) {
                    (Some(index), Some(true)) => *known = known.map(|known| known.max(index)),
                    (Some(_), Some(false)) => {}
                    _ => *known = None,
                }
                None
            }
            (Step::RequestSent { .. }, Purpose::TimeoutNow) => {
                let (accepted, told) = self.accepted.get(&(call.from, term))?;
                let acknowledged = self.acknowledged.get(&of_follower).copied().unwrap_or(Some(0))?;
                // A log may be counted from 0.
                if acknowledged + 1 >= *accepted {
                    return None;
                }
                let headline = format!(
                    "server {} told server {} to stand, which had acknowledged entries up to index \
                     {acknowledged} of {accepted}",
                    call.from, call.to
                );
                let events = vec![told.clone(), step.event.clone()];
                Some(finding(&LT1, format!("server {}", call.from), headline, events, step.location))
            }
            _ => None,
        }
    }
}

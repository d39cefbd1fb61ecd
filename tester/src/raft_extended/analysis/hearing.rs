//! [`Hearing`]: votes and pre-votes of servers that have just heard of their leader (rules HL1 and HL2).

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::CLOCK_RATE_BOUND;
use labrpc::Step;

use super::calls::{CallStep, Purpose};
use crate::event::{Event, Kind};
use crate::key_value::finding;
use crate::raft_extended::rules::{HL1, HL2};
use crate::rule::{BrokenRule, RuleEvent};

/// Shorter than the minimum election timeout of any solution: heartbeats are 100 ms apart.
const JUST: Duration = Duration::from_millis(50);

/// When each server has last answered its leader, in its present incarnation.
#[derive(Default)]
pub(super) struct Hearing {
    heard: BTreeMap<usize, Heard>,
    /// Servers whose clocks are far off: what is a moment by the run's clock may be long by theirs.
    skewed: BTreeMap<usize, bool>,
}

struct Heard {
    leader: usize,
    at: Duration,
    event: RuleEvent,
}

impl Hearing {
    pub fn on(&mut self, event: &Event<'_>, message: Option<&CallStep>) -> Vec<BrokenRule> {
        match (event.server(), event.kind) {
            (Some(who), Kind::Started) => {
                self.heard.remove(&who.server);
                self.skewed.remove(&who.server);
            }
            (Some(who), Kind::ClockRate(rate)) => {
                // Also when it is right again: the time before counts.
                let skewed = self.skewed.entry(who.server).or_default();
                *skewed |= rate.abs_diff(1_000_000) > CLOCK_RATE_BOUND;
            }
            _ => {}
        }
        message.and_then(|step| self.message(event.at, step)).into_iter().collect()
    }

    fn message(&mut self, at: Duration, step: &CallStep) -> Option<BrokenRule> {
        let Step::ReplySent = step.step else { return None };
        let call = &step.call;
        match call.purpose {
            Purpose::Leads if step.reply_term.is_some() && step.reply_term == call.term => {
                self.heard.insert(call.to, Heard { leader: call.from, at, event: step.event.clone() });
                None
            }
            Purpose::RequestVote | Purpose::PreVote if step.yes == Some(true) && !call.has_flag => {
                let heard = self.heard.get(&call.to)?;
                // It may have decided before it heard of the leader.
                let asked_after = call.arrived.is_some_and(|arrived| arrived > heard.event.number);
                let is_recent = at.saturating_sub(heard.at) < JUST && !self.skewed.contains_key(&call.to);
                if !asked_after || !is_recent || heard.leader == call.from {
                    return None;
                }
                let (rule, what) = match call.purpose {
                    Purpose::PreVote => (&HL2, "granted a pre-vote to"),
                    _ => (&HL1, "voted for"),
                };
                let headline = format!(
                    "server {} {what} server {} {} ms after it had heard from its leader, server {}",
                    call.to,
                    call.from,
                    at.saturating_sub(heard.at).as_millis(),
                    heard.leader
                );
                let events = vec![heard.event.clone(), call.sent.clone(), step.event.clone()];
                Some(finding(rule, format!("server {}", call.to), headline, events, step.location))
            }
            _ => None,
        }
    }
}

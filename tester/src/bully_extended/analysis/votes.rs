//! [`Votes`]: who has voted for whom, and when (rules BU6 and BU7). The vote that a candidate gives itself is
//! no message: it is taken for given.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::{BullyView, LONGEST_BALLOT, VOTE_LOCK};
use labrpc::Step;

use super::calls::{CallStep, Purpose};
use crate::bully_extended::rules::{BU6, BU7};
use crate::bully_extended::{BullyForm, CuredBullyEvent};
use crate::display::Servers;
use crate::event::Event;
use crate::key_value::finding;
use crate::rule::{BrokenRule, RuleEvent};

/// The longest time from a vote until the winner is seen to lead.
const COUNTED: Duration = Duration::from_millis(LONGEST_BALLOT.as_millis() as u64 + 1000);

/// The votes.
pub(super) struct Votes {
    form: BullyForm,
    majority: usize,
    /// Whether a request for a vote was recognised.
    seen: bool,
    /// The last vote of each voter in its incarnation.
    given: BTreeMap<usize, Vote>,
    /// When each candidate has received a vote of each voter last.
    received: BTreeMap<usize, BTreeMap<usize, Duration>>,
}

struct Vote {
    candidate: usize,
    /// When it was asked for: it was given then or later.
    asked: Duration,
    event: RuleEvent,
}

impl Votes {
    pub fn new(form: BullyForm, majority: usize) -> Self {
        Self { form, majority, seen: false, given: BTreeMap::new(), received: BTreeMap::new() }
    }

    /// A node starts: its lock is gone.
    pub fn started(&mut self, server: usize) {
        self.given.remove(&server);
        self.received.remove(&server);
    }

    pub fn message(&mut self, step: &CallStep) -> Option<BrokenRule> {
        let call = &step.call;
        if call.purpose != Purpose::Vote || self.form != BullyForm::Priorities {
            return None;
        }
        self.seen = true;
        if step.votes().is_none_or(|votes| votes <= 0) {
            return None;
        }
        match step.step {
            Step::ReplyDelivered => {
                self.received.entry(call.from).or_default().insert(call.to, step.at);
                None
            }
            Step::ReplySent => {
                let asked = call.arrived.map_or(step.at, |(_, at)| at);
                let vote = Vote { candidate: call.from, asked, event: step.event.clone() };
                let before = self.given.insert(call.to, vote)?;
                if before.candidate == call.from || step.at >= before.asked + VOTE_LOCK {
                    return None;
                }
                let headline = format!(
                    "server {} votes for server {} {} ms after it has voted for server {}",
                    call.to,
                    call.from,
                    (step.at - before.asked).as_millis(),
                    before.candidate
                );
                let events = vec![before.event, call.sent.clone(), step.event.clone()];
                Some(finding(&BU6, format!("server {}", call.to), headline, events, step.location))
            }
            _ => None,
        }
    }

    /// A node may be seen to lead.
    pub fn state(&mut self, event: &Event<'_>) -> Option<BrokenRule> {
        let Some(&CuredBullyEvent::Views(BullyView { leader, .. })) = event.protocol() else { return None };
        let who = event.server()?.server;
        if leader != Some(who) || self.form != BullyForm::Priorities || !self.seen {
            return None;
        }
        let received = self.received.entry(who).or_default();
        let recent = received.iter().filter(|(_, at)| **at + COUNTED >= event.at);
        let voters: Vec<usize> = recent.map(|(voter, _)| *voter).collect();
        if voters.len() + 1 >= self.majority {
            return None;
        }
        let headline = format!(
            "server {who} leads, for which {} voted, besides itself",
            if voters.is_empty() {
                "nobody has".to_owned()
            } else {
                format!("only {} has", Servers(&voters))
            }
        );
        let shown = RuleEvent {
            number: event.number,
            time: event.at.as_secs_f64(),
            server: format!("server {who}"),
            what: format!("server {who} leads"),
        };
        Some(finding(&BU7, format!("server {who}"), headline, vec![shown], None))
    }
}

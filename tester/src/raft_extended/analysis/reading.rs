//! [`Reading`]: reads that are answered without a word from a quorum (rule RI1).

use std::collections::{BTreeMap, BTreeSet};

use labapi::Membership;
use labrpc::Step;

use super::calls::CallStep;
use crate::event::Event;
use crate::key_value::finding;
use crate::raft_extended::event::RaftExtendedEvent;
use crate::raft_extended::rules::RI1;
use crate::rule::{BrokenRule, RuleEvent};

/// The reads that are under way.
#[derive(Default)]
pub(super) struct Reading {
    under_way: BTreeMap<u64, Read>,
    /// The configuration that each server uses.
    used: BTreeMap<usize, Membership>,
}

struct Read {
    server: usize,
    began: RuleEvent,
    /// The servers from which the reader has heard what was sent after the beginning.
    heard: BTreeSet<usize>,
}

impl Reading {
    pub fn on(&mut self, event: &Event<'_>, message: Option<&CallStep>) -> Vec<BrokenRule> {
        if let Some(step) = message {
            self.hear(step);
        }
        let (Some(who), Some(told)) = (event.server(), event.protocol()) else { return Vec::new() };
        let rule_event = |what: String| RuleEvent {
            number: event.number,
            time: event.at.as_secs_f64(),
            server: who.to_string(),
            what,
        };
        match told {
            RaftExtendedEvent::Uses(membership) => {
                self.used.insert(who.server, membership.clone());
                Vec::new()
            }
            RaftExtendedEvent::ReadBegan { read } => {
                let began = rule_event(format!("a read begins at {who}"));
                self.under_way.insert(*read, Read { server: who.server, began, heard: BTreeSet::new() });
                Vec::new()
            }
            RaftExtendedEvent::ReadAnswered { read, by_lease, index } => {
                let Some(read) = self.under_way.remove(read) else { return Vec::new() };
                let ended = rule_event(format!("{who} answers it with index {index}"));
                if *by_lease || self.is_confirmed(&read) { Vec::new() } else { vec![objection(&read, ended)] }
            }
        }
    }

    /// Notes who has told a reader something since its read began.
    fn hear(&mut self, step: &CallStep) {
        let (from, to, sent) = match step.step {
            Step::RequestDelivered => (step.call.from, step.call.to, step.call.sent.number),
            Step::ReplyDelivered => (step.call.to, step.call.from, step.call.sent.number),
            _ => return,
        };
        for read in self.under_way.values_mut().filter(|read| read.server == to && sent > read.began.number) {
            read.heard.insert(from);
        }
    }

    /// Whether a majority of one of the sets is heard. In a joint configuration both are needed, but the
    /// server may use another one by now.
    fn is_confirmed(&self, read: &Read) -> bool {
        let Some(membership) = self.used.get(&read.server) else { return true };
        std::iter::once(&membership.voters).chain(&membership.incoming).any(|set| {
            let heard = set.iter().filter(|it| **it == read.server || read.heard.contains(it)).count();
            heard > set.len() / 2
        })
    }
}

fn objection(read: &Read, ended: RuleEvent) -> BrokenRule {
    let heard = match read.heard.len() {
        0 => "nobody".to_owned(),
        1 => "one other server".to_owned(),
        several => format!("{several} other servers"),
    };
    let headline = format!(
        "server {} answered a read and had heard from {heard} after it began, which is no quorum",
        read.server
    );
    finding(&RI1, format!("server {}", read.server), headline, vec![read.began.clone(), ended], None)
}

//! [`Elections`]: what a node was told before it began an election, and before it won (rules BU3 and BU4).

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::QUORUM_TIMEOUT;
use labrpc::Step;

use super::calls::{CallStep, Purpose};
use crate::bully_extended::BullyForm;
use crate::bully_extended::rules::{BU3, BU4};
use crate::display::Servers;
use crate::key_value::finding;
use crate::rule::{BrokenRule, RuleEvent};

/// Longer than a node waits within an election, and than it goes by an answer.
const ELECTION: Duration = Duration::from_secs(5);

/// Longer than a candidate may go by an answer that it had before the election, and longer than that takes.
const REACHED: Duration = Duration::from_millis(2 * QUORUM_TIMEOUT.as_millis() as u64);

/// The nodes before and within elections.
pub(super) struct Elections {
    form: BullyForm,
    majority: usize,
    /// Whether a question was recognised that asks whether others miss the leader.
    inquiries_seen: bool,
    nodes: BTreeMap<usize, Node>,
}

#[derive(Default)]
struct Node {
    /// When it was in an election last, its own or another one's.
    election: Option<Duration>,
    /// When each other node has said last that it misses its leader.
    missing: BTreeMap<usize, Duration>,
    /// The last answer of one that does not.
    hears: Option<RuleEvent>,
    /// When each other node was heard of last.
    heard: BTreeMap<usize, Duration>,
    /// The newest generation in which it has claimed to lead.
    led: Option<u64>,
}

impl Elections {
    pub fn new(form: BullyForm, majority: usize) -> Self {
        Self { form, majority, inquiries_seen: false, nodes: BTreeMap::new() }
    }

    /// A node starts: nothing that it was told counts.
    pub fn started(&mut self, server: usize) {
        self.nodes.remove(&server);
    }

    pub fn message(&mut self, step: &CallStep) -> Option<BrokenRule> {
        let call = &step.call;
        match step.step {
            Step::RequestSent { .. } => {
                self.inquiries_seen |= call.purpose == Purpose::Inquiry;
                match call.purpose {
                    Purpose::Election => self.begins_election(step),
                    Purpose::Victory => self.wins(step),
                    _ => None,
                }
            }
            Step::RequestDelivered => {
                let node = self.nodes.entry(call.to).or_default();
                node.heard.insert(call.from, step.at);
                if call.purpose == Purpose::Election {
                    node.election = Some(step.at);
                }
                None
            }
            Step::ReplyDelivered => {
                let node = self.nodes.entry(call.from).or_default();
                node.heard.insert(call.to, step.at);
                if call.purpose == Purpose::Inquiry {
                    // An answer that cannot be read may say so.
                    if step.is_missing().unwrap_or(true) {
                        node.missing.insert(call.to, step.at);
                    } else {
                        node.missing.remove(&call.to);
                        node.hears = Some(step.event.clone());
                    }
                }
                None
            }
            _ => None,
        }
    }

    fn begins_election(&mut self, step: &CallStep) -> Option<BrokenRule> {
        let node = self.nodes.entry(step.call.from).or_default();
        let before = node.election.replace(step.at);
        let is_new = before.is_none_or(|before| before + ELECTION < step.at);
        if self.form < BullyForm::Inquiries || !self.inquiries_seen || !is_new {
            return None;
        }
        let recent = node.missing.iter().filter(|(_, at)| **at + ELECTION >= step.at);
        let missing: Vec<usize> = recent.map(|(server, _)| *server).collect();
        if missing.len() + 1 >= self.majority {
            return None;
        }
        let who = step.call.from;
        let headline = format!(
            "server {who} begins an election, although {} said that it misses the leader, besides itself",
            if missing.is_empty() { "no server".to_owned() } else { format!("only {}", Servers(&missing)) }
        );
        let events = node.hears.iter().cloned().chain([step.event.clone()]).collect();
        Some(finding(&BU3, format!("server {who}"), headline, events, step.location))
    }

    fn wins(&mut self, step: &CallStep) -> Option<BrokenRule> {
        let node = self.nodes.entry(step.call.from).or_default();
        let is_new = step.call.generation > node.led;
        node.led = node.led.max(step.call.generation);
        if self.form < BullyForm::Quorum || !is_new {
            return None;
        }
        let recent = node.heard.iter().filter(|(_, at)| **at + REACHED >= step.at);
        let reached: Vec<usize> = recent.map(|(server, _)| *server).collect();
        if reached.len() + 1 >= self.majority {
            return None;
        }
        let who = step.call.from;
        let headline = format!(
            "server {who} claims a victory, although {} was heard of for {} ms, besides itself",
            if reached.is_empty() { "no server".to_owned() } else { format!("only {}", Servers(&reached)) },
            REACHED.as_millis()
        );
        Some(finding(&BU4, format!("server {who}"), headline, vec![step.event.clone()], step.location))
    }
}

//! [`KeyValueAnalysis`]: follows the operations of clients and their calls, and asks each rule.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use labrpc::Step;

use super::calls::{Call, Moment, Operation};
use super::leaders::Leaders;
use super::observed::Observed;
use super::versions::Versions;
use super::{answers, asking, committed, deposed, doubt, resent};
use crate::event::{Event, Kind, Message, Party};
use crate::linearizability::{KeyValueInput, KeyValueOutput};
use crate::rule::{Analysis, BrokenRule};

/// Which rules of the key/value service a solution breaks.
pub(crate) struct KeyValueAnalysis {
    servers: usize,
    /// The operation of each client that has not ended.
    operations: BTreeMap<u32, Operation>,
    versions: Versions,
    leaders: Leaders,
    observed: Observed,
    /// The rules that are broken already.
    broken: BTreeSet<String>,
    /// The methods with arguments or replies that were not understood.
    strange_requests: BTreeSet<Box<str>>,
    strange_replies: BTreeSet<Box<str>>,
}

impl KeyValueAnalysis {
    /// Of a service on so many servers.
    pub(crate) fn new(servers: usize) -> Self {
        Self {
            servers,
            operations: BTreeMap::new(),
            versions: Versions::default(),
            leaders: Leaders::default(),
            observed: Observed::default(),
            broken: BTreeSet::new(),
            strange_requests: BTreeSet::new(),
            strange_replies: BTreeSet::new(),
        }
    }

    fn begins(&mut self, client: u32, input: &KeyValueInput, now: Moment) {
        let floor = self.versions.begins(client, input, now);
        let operation = Operation {
            client,
            input: input.clone(),
            began: now,
            floor,
            reached: Vec::new(),
            calls: Vec::new(),
        };
        self.observed.begins(&operation, &self.operations);
        self.operations.insert(client, operation);
    }

    fn ends(&mut self, client: u32, output: &KeyValueOutput, now: Moment) -> Vec<BrokenRule> {
        let Some(operation) = self.operations.remove(&client) else { return Vec::new() };
        self.observed.ends(&operation, output, self.leaders.newest());
        // If the clerk is wrong, its answer says nothing of the servers.
        let of_clerk = answers::judge(&operation, output, now)
            .or_else(|| doubt::judge(&operation, output, &self.versions, now));
        let of_server = self.versions.ends(&operation, output, now);
        let shown = match output {
            KeyValueOutput::Value { version, .. } => Some(*version),
            KeyValueOutput::NoKey => Some(0),
            _ => None,
        };
        let judge_age = |shown| deposed::judge(&operation, output, shown, &self.leaders, now);
        of_clerk.or(of_server).or_else(|| shown.and_then(judge_age)).into_iter().collect()
    }

    fn message(&mut self, client: u32, message: &Message<'_>, event: &Event<'_>) -> Option<BrokenRule> {
        let now = Moment::of(event);
        if message.step == Step::RequestDelivered {
            self.observed.arrives_late(message.call);
        }
        let operation = self.operations.get_mut(&client)?;
        if let Step::RequestSent { .. } = message.step {
            let call = Call::new(client, message, now);
            if call.asks.is_none() {
                self.strange_requests.insert(message.method.into());
            }
            self.observed.sends(operation, &call);
            operation.calls.push(call);
            return None;
        }
        let call = operation.call_mut(message.call)?;
        call.on(message, now, self.leaders.newest());
        if message.step == Step::RequestDelivered {
            committed::arrives(operation, message.to, event.moment());
            return None;
        }
        if message.step != Step::ReplySent {
            return None;
        }
        if call.asks.is_some() && call.reply.as_ref().is_some_and(|reply| reply.said.is_none()) {
            self.strange_replies.insert(message.method.into());
        }
        self.observed.replies(operation, message.call);
        resent::judge(operation, message.call, &self.versions)
            .or_else(|| committed::judge(operation, message.call, event.causality()))
    }
}

impl Analysis for KeyValueAnalysis {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let now = Moment::of(event);
        let mut broken = match (event.party, event.kind) {
            (_, Kind::Message(message)) => match message.from {
                Party::Client(client) => self.message(client, message, event).into_iter().collect(),
                Party::Server(_) | Party::Tester => return Vec::new(),
            },
            (Party::Client(client), Kind::OperationBegan { input, .. }) => {
                if let Some(input) = input.downcast_ref() {
                    self.begins(client, input, now);
                }
                return Vec::new();
            }
            (Party::Client(client), Kind::OperationEnded { output, .. }) => match output.downcast_ref() {
                Some(output) => self.ends(client, output, now),
                None => return Vec::new(),
            },
            _ => {
                self.leaders.on(event);
                return Vec::new();
            }
        };
        // The first break of a rule explains, and the next ones follow from it.
        broken.retain(|rule| self.broken.insert(rule.id.clone()));
        broken
    }

    fn at_end(&mut self, at: Duration) -> Vec<BrokenRule> {
        let pending = self.operations.values();
        let mut broken: Vec<BrokenRule> = pending
            .filter_map(|operation| asking::judge(operation, self.servers, &self.leaders, at))
            .collect();
        broken.retain(|rule| self.broken.insert(rule.id.clone()));
        broken
    }

    fn unseen(&self) -> Vec<String> {
        let requests = self.strange_requests.iter().map(|method| {
            format!(
                "what {method} asks for: its arguments have no key, value and version under names that are \
                 known"
            )
        });
        let replies = self.strange_replies.iter().map(|method| {
            format!(
                "what {method} answers: its reply has no value, version or error under names that are known"
            )
        });
        requests.chain(replies).collect()
    }

    fn situations(&self) -> Vec<&'static str> {
        self.observed.names()
    }
}

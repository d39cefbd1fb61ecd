//! [`OperationAnalysis`]: follows the operations of clients and their calls, and asks each rule.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use labrpc::Step;

use super::calls::{Call, Moment, Operation, Readable};
use super::leaders::Leaders;
use super::{asking, committed};
use crate::event::{Event, Kind, Message, Party};
use crate::linearizability::Model;
use crate::rule::{Analysis, BrokenRule};

/// The rules of one service that are judged by its operations. Those of asking and of acknowledging are the
/// same for all.
pub(crate) trait Judge: Default + Send {
    /// The service.
    type Service: Readable;

    /// An operation begins, while these others have not ended. Notes what is certain of its key.
    fn begins(
        &mut self,
        operation: &mut Operation<Self::Service>,
        others: &BTreeMap<u32, Operation<Self::Service>>,
    );

    /// The clerk of an operation is about to make this call.
    fn sends(&mut self, operation: &Operation<Self::Service>, call: &Call<Self::Service>) {
        let _ = (operation, call);
    }

    /// The request of this call has arrived.
    fn arrives(&mut self, call: u64) {
        let _ = call;
    }

    /// A server has replied to the call of this number.
    fn replies(&mut self, operation: &Operation<Self::Service>, call: u64) -> Option<BrokenRule> {
        let _ = (operation, call);
        None
    }

    /// An operation ends with this answer.
    fn ends(
        &mut self,
        operation: &Operation<Self::Service>,
        output: &OutputOf<Self>,
        leaders: &Leaders,
        now: Moment,
    ) -> Option<BrokenRule>;

    /// The names of the situations so far.
    fn situations(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// The requests of a judge's service.
type InputOf<J> = <<J as Judge>::Service as Model>::Input;

/// The answers of a judge's service.
type OutputOf<J> = <<J as Judge>::Service as Model>::Output;

/// Which rules of a service a solution breaks.
pub(crate) struct OperationAnalysis<J: Judge> {
    servers: usize,
    /// The operation of each client that has not ended.
    operations: BTreeMap<u32, Operation<J::Service>>,
    judge: J,
    leaders: Leaders,
    /// The rules that are broken already.
    broken: BTreeSet<String>,
    /// The methods with arguments or replies that were not understood.
    strange_requests: BTreeSet<Box<str>>,
    strange_replies: BTreeSet<Box<str>>,
}

impl<J: Judge> OperationAnalysis<J> {
    /// Of a service on so many servers.
    pub(crate) fn new(servers: usize) -> Self {
        Self {
            servers,
            operations: BTreeMap::new(),
            judge: J::default(),
            leaders: Leaders::default(),
            broken: BTreeSet::new(),
            strange_requests: BTreeSet::new(),
            strange_replies: BTreeSet::new(),
        }
    }

    fn message(&mut self, client: u32, message: &Message<'_>, event: &Event<'_>) -> Option<BrokenRule> {
        let now = Moment::of(event);
        if message.step == Step::RequestDelivered {
            self.judge.arrives(message.call);
        }
        let operation = self.operations.get_mut(&client)?;
        if let Step::RequestSent { .. } = message.step {
            let call = Call::new(client, message, now);
            if call.asks.is_none() {
                self.strange_requests.insert(message.method.into());
            }
            self.judge.sends(operation, &call);
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
        let of_service = self.judge.replies(operation, message.call);
        of_service.or_else(|| committed::judge(operation, message.call, event.causality()))
    }
}

impl<J: Judge> Analysis for OperationAnalysis<J> {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let now = Moment::of(event);
        let broken = match (event.party, event.kind) {
            (_, Kind::Message(message)) => match message.from {
                Party::Client(client) => self.message(client, message, event),
                Party::Server(_) | Party::Tester => None,
            },
            (Party::Client(client), Kind::OperationBegan { input, .. }) => {
                if let Some(input) = input.downcast_ref::<InputOf<J>>() {
                    let mut operation = Operation::new(client, input.clone(), now);
                    self.judge.begins(&mut operation, &self.operations);
                    self.operations.insert(client, operation);
                }
                None
            }
            (Party::Client(client), Kind::OperationEnded { output, .. }) => {
                match (output.downcast_ref(), self.operations.remove(&client)) {
                    (Some(output), Some(operation)) => {
                        self.judge.ends(&operation, output, &self.leaders, now)
                    }
                    _ => None,
                }
            }
            _ => {
                self.leaders.on(event);
                None
            }
        };
        // The first break of a rule explains, and the next ones follow from it.
        broken.into_iter().filter(|rule| self.broken.insert(rule.id.clone())).collect()
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
                "what {method} asks for: its arguments have no {} under names that are known",
                J::Service::REQUEST
            )
        });
        let replies = self.strange_replies.iter().map(|method| {
            format!(
                "what {method} answers: its reply has no {} under names that are known",
                J::Service::REPLY
            )
        });
        requests.chain(replies).collect()
    }

    fn situations(&self) -> Vec<&'static str> {
        self.judge.situations()
    }
}

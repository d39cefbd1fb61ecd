//! [`Operation`]: an operation of a client, and the calls that its clerk makes for it.

use std::panic::Location;
use std::time::Duration;

use labgob::Value;
use labrpc::Step;

use super::leaders::Lead;
use super::words::last;
use crate::causality::LogicalTime;
use crate::event::{Event, Incarnation, Message, Party};
use crate::key_value::ServiceModel;
use crate::linearizability::{KeyValue, KeyValueInput};
use crate::rule::RuleEvent;

/// A service whose operations and messages can be read.
pub(crate) trait Readable: ServiceModel {
    /// What a request asks for.
    type Asks: Send;
    /// What a reply says.
    type Said: Copy + Send;
    /// What was certain of an operation's key when the operation began.
    type Floor: Default + Send;

    /// The names that the arguments of a request need, in words.
    const REQUEST: &str;
    /// The names that a reply needs, in words.
    const REPLY: &str;

    /// Reads a request.
    fn asks(method: &str, args: &Value) -> Option<Self::Asks>;

    /// Reads the reply to a request.
    fn said(request: &Self::Asks, reply: &Value) -> Option<Self::Said>;

    /// Whether a reply says that a change is done.
    fn is_done(said: Self::Said) -> bool;

    /// Whether a reply says that the server does not lead.
    fn is_wrong_leader(said: Self::Said) -> bool;

    /// Whether the request is a transmission of this operation.
    fn is_sent_by(input: &Self::Input, asks: &Self::Asks) -> bool;

    /// The operation in a word: `get`.
    fn verb(input: &Self::Input) -> &'static str;

    /// The key of an operation.
    fn key_of(input: &Self::Input) -> &str;

    /// Whether the operation changes its key if it is done.
    fn is_change(input: &Self::Input) -> bool;
}

/// The number and the time of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub number: u64,
    pub at: Duration,
}

impl Moment {
    pub fn of(event: &Event<'_>) -> Self {
        Self { number: event.number, at: event.at }
    }

    /// The event as one that shows something.
    pub fn shown(self, party: Party, what: String) -> RuleEvent {
        RuleEvent { number: self.number, time: self.at.as_secs_f64(), server: name(party), what }
    }
}

/// The party without its incarnation.
pub(crate) fn name(party: Party) -> String {
    match party {
        Party::Server(who) => who.group.node_name(who.server),
        other => other.to_string(),
    }
}

/// An operation that a client has begun.
pub(crate) struct Operation<S: Readable = KeyValue> {
    pub client: u32,
    pub input: S::Input,
    pub began: Moment,
    /// What was certain of the key then.
    pub floor: S::Floor,
    /// The servers that a request has reached, and the logical time of the first arrival at each.
    pub reached: Vec<(Incarnation, LogicalTime)>,
    /// The calls that the clerk has made since.
    pub calls: Vec<Call<S>>,
}

impl Operation {
    /// The version that a put names; 0 for a get.
    pub fn version(&self) -> u64 {
        match &self.input {
            KeyValueInput::Get { .. } => 0,
            KeyValueInput::Put { version, .. } => *version,
        }
    }
}

impl<S: Readable> Operation<S> {
    /// An operation that begins now, of whose key nothing is certain.
    pub fn new(client: u32, input: S::Input, began: Moment) -> Self {
        let (reached, calls) = (Vec::new(), Vec::new());
        Self { client, input, began, floor: S::Floor::default(), reached, calls }
    }

    /// The key.
    pub fn key(&self) -> &str {
        S::key_of(&self.input)
    }

    /// Whether it changes its key if it is done.
    pub fn is_change(&self) -> bool {
        S::is_change(&self.input)
    }

    /// The operation in a word.
    pub fn verb(&self) -> &'static str {
        S::verb(&self.input)
    }

    /// The beginning.
    pub fn event(&self) -> RuleEvent {
        let what = format!("{} begins", S::default().describe_input(&self.input));
        self.began.shown(Party::Client(self.client), what)
    }

    /// The end of the operation, with this answer.
    pub fn end(&self, at: Moment, output: &S::Output) -> RuleEvent {
        let model = S::default();
        let (input, output) = (model.describe_input(&self.input), model.describe_output(output));
        at.shown(Party::Client(self.client), format!("{input} returns {output}"))
    }

    pub fn call_mut(&mut self, number: u64) -> Option<&mut Call<S>> {
        self.calls.iter_mut().rev().find(|call| call.number == number)
    }

    /// The calls that were answered, in the order in which they were made.
    pub fn answered(&self) -> impl DoubleEndedIterator<Item = (&Call<S>, Moment, Option<S::Said>)> {
        self.calls.iter().filter_map(|call| match (call.fate, &call.reply) {
            (Fate::Answered(at), Some(reply)) => Some((call, at, reply.said)),
            _ => None,
        })
    }

    /// Whether every call was understood, and every reply to one.
    pub fn is_understood(&self) -> bool {
        self.calls.iter().all(|call| call.asks.is_some())
            && self.answered().all(|(_, _, said)| said.is_some())
    }

    /// The last call that was answered.
    pub fn last_answered(&self) -> Option<&Call<S>> {
        self.answered().next_back().map(|(call, _, _)| call)
    }

    /// The server that gave the answer; the client if there is none.
    pub fn answering(&self) -> String {
        self.last_answered().map_or_else(|| name(Party::Client(self.client)), |call| name(call.server.into()))
    }

    /// The end of the operation, and the reply that it is based on.
    pub fn conclusion(&self, at: Moment, output: &S::Output) -> impl Iterator<Item = RuleEvent> {
        let reply = self.last_answered().and_then(Call::replying);
        reply.into_iter().chain([self.end(at, output)])
    }

    /// The line that names the handler of the last call that was answered.
    pub fn handler(&self) -> Option<&'static Location<'static>> {
        self.last_answered()?.reply.as_ref()?.location
    }

    /// The line that made the last call.
    pub fn caller(&self) -> Option<&'static Location<'static>> {
        self.calls.last()?.location
    }

    /// Whether the call is a transmission of this operation.
    pub fn is_sent_by(&self, call: &Call<S>) -> bool {
        call.asks.as_ref().is_some_and(|asks| S::is_sent_by(&self.input, asks))
    }
}

/// A call of a clerk.
pub(crate) struct Call<S: Readable = KeyValue> {
    pub number: u64,
    pub client: u32,
    pub server: Incarnation,
    method: Box<str>,
    request: Option<Value>,
    /// What it asks for, if that was understood.
    pub asks: Option<S::Asks>,
    pub sent: Moment,
    /// When the request arrived first, and who led then.
    pub delivered: Option<(Moment, Option<Lead>)>,
    pub reply: Option<Reply<S>>,
    /// Whether the server has said that it is done, in a reply that may be late or lost.
    pub was_done: Option<Moment>,
    pub fate: Fate,
    pub location: Option<&'static Location<'static>>,
}

/// The reply of a server.
pub(crate) struct Reply<S: Readable = KeyValue> {
    pub at: Moment,
    content: Option<Value>,
    pub said: Option<S::Said>,
    /// Who led.
    pub lead: Option<Lead>,
    pub location: Option<&'static Location<'static>>,
}

/// What the caller knows of its call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Waiting,
    Answered(Moment),
    Failed(Moment),
}

impl<S: Readable> Call<S> {
    /// A call that is made now.
    pub fn new(client: u32, message: &Message<'_>, now: Moment) -> Self {
        Self {
            number: message.call,
            client,
            server: message.to,
            method: message.method.into(),
            request: message.content.cloned(),
            asks: message.content.and_then(|content| S::asks(message.method, content)),
            sent: now,
            delivered: None,
            reply: None,
            was_done: None,
            fate: Fate::Waiting,
            location: message.location,
        }
    }

    /// Records a later step.
    pub fn on(&mut self, message: &Message<'_>, now: Moment, lead: Option<Lead>) {
        let said = || S::said(self.asks.as_ref()?, message.content?);
        match message.step {
            Step::RequestDelivered => {
                self.delivered.get_or_insert((now, lead));
                self.server = message.to;
            }
            Step::ReplySent | Step::ReplyLate { .. } => {
                let said = said();
                if said.is_some_and(S::is_done) {
                    self.was_done.get_or_insert(now);
                }
                if message.step == Step::ReplySent {
                    let (content, location) = (message.content.cloned(), message.location);
                    self.reply = Some(Reply { at: now, content, said, lead, location });
                }
            }
            Step::ReplyDelivered => self.fate = Fate::Answered(now),
            Step::ReplyLost => self.fate = Fate::Failed(now),
            // There may be another copy of it.
            Step::RequestLost if self.delivered.is_none() => self.fate = Fate::Failed(now),
            _ => {}
        }
    }

    /// `put #74 client 4→server 0 {key: "x", version: 3}`.
    fn text(&self) -> String {
        let (method, to) = (last(&self.method), name(self.server.into()));
        let content = self.request.as_ref().map(|content| format!(" {content}")).unwrap_or_default();
        format!("{method} #{} client {}→{to}{content}", self.number, self.client)
    }

    /// The sending of the request.
    pub fn sending(&self) -> RuleEvent {
        self.sent.shown(Party::Client(self.client), self.text())
    }

    /// The arrival of the request, or its sending if it has not arrived.
    pub fn arrival(&self) -> RuleEvent {
        match self.delivered {
            Some((at, _)) => at.shown(self.server.into(), self.text()),
            None => self.sending(),
        }
    }

    /// The reply of the server, when it was sent.
    pub fn replying(&self) -> Option<RuleEvent> {
        let reply = self.reply.as_ref()?;
        let says = reply.content.as_ref().map_or_else(String::new, |content| format!(": {content}"));
        let (who, method) = (name(self.server.into()), last(&self.method));
        let what = format!("{who} answers {method} #{} of client {}{says}", self.number, self.client);
        Some(reply.at.shown(self.server.into(), what))
    }

    /// The end of a call that has failed.
    pub fn failing(&self) -> Option<RuleEvent> {
        let Fate::Failed(at) = self.fate else { return None };
        let method = last(&self.method);
        let what = if self.delivered.is_some() { "reply" } else { "request" };
        Some(at.shown(
            Party::Client(self.client),
            format!("{method} #{} ends: its {what} was lost", self.number),
        ))
    }
}

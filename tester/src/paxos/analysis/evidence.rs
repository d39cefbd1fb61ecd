//! [`Evidence`]: an event that shows what was done, and [`broken`]: a rule with the events that show it.

use std::fmt;
use std::panic::Location;

use labgob::Value;
use labrpc::Step;

use crate::event::{Event, Message, Party, position};
use crate::rule::{BrokenRule, Rule, RuleEvent};

/// An event that shows something. It is put into words only if it is needed.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// The event's number in the stream.
    pub number: u64,
    time: f64,
    server: usize,
    what: What,
    location: Option<&'static Location<'static>>,
}

/// What happens at the server.
#[derive(Clone, Debug)]
enum What {
    /// A message is sent by it, or reaches it.
    Message {
        method: String,
        call: u64,
        ends: (usize, usize),
        step: Step,
        content: Option<Value>,
    },
    Crash,
    /// It knows the value of an instance.
    Decided(u64),
}

impl Evidence {
    /// A step of a message, at this server.
    pub fn of_message(event: &Event<'_>, server: usize, message: &Message<'_>) -> Self {
        let from = match message.from {
            Party::Server(from) => from.server,
            _ => server,
        };
        let what = What::Message {
            method: message.method.to_owned(),
            call: message.call,
            ends: (from, message.to.server),
            step: message.step,
            content: message.content.cloned(),
        };
        Self { location: message.location, ..Self::new(event, server, what) }
    }

    pub fn of_crash(event: &Event<'_>, server: usize) -> Self {
        Self::new(event, server, What::Crash)
    }

    pub fn of_decision(event: &Event<'_>, server: usize, instance: u64) -> Self {
        Self::new(event, server, What::Decided(instance))
    }

    fn new(event: &Event<'_>, server: usize, what: What) -> Self {
        Self { number: event.number, time: event.at.as_secs_f64(), server, what, location: None }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.server;
        match &self.what {
            What::Crash => write!(f, "server {server} crashes"),
            What::Decided(instance) => write!(f, "server {server} knows the value of instance {instance}"),
            What::Message { method, call, ends: (from, to), step, content } => {
                let name = method.rsplit('.').next().unwrap_or(method);
                match step {
                    Step::RequestSent { .. } => write!(f, "{name} #{call} {from}→{to}")?,
                    Step::RequestDelivered => write!(f, "{name} #{call} {from}→{to} arrives:")?,
                    Step::ReplyDelivered => write!(f, "server {from} is told in reply to {name} #{call}:")?,
                    _ => write!(f, "server {to} answers {name} #{call}:")?,
                }
                content.as_ref().map_or(Ok(()), |content| write!(f, " {content}"))
            }
        }
    }
}

/// The rule as broken by a server, shown by these events.
pub(crate) fn broken(rule: &Rule, server: usize, headline: String, mut events: Vec<Evidence>) -> BrokenRule {
    events.sort_by_key(|event| event.number);
    events.dedup_by_key(|event| event.number);
    BrokenRule {
        id: rule.id.to_owned(),
        text: rule.citation(),
        headline,
        server: format!("server {server}"),
        at_seconds: events.last().map_or(0.0, |event| event.time),
        location: events.iter().rev().find_map(|event| event.location).map(position),
        events: events
            .iter()
            .map(|event| RuleEvent {
                number: event.number,
                time: event.time,
                server: format!("server {}", event.server),
                what: event.to_string(),
            })
            .collect(),
        progress: false,
    }
}

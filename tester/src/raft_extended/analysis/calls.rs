//! [`Calls`]: the calls between servers, as far as they can be read.

use std::collections::BTreeMap;
use std::panic::Location;

use labgob::Value;
use labrpc::Step;

use crate::event::{Event, Message, Party};
use crate::rule::RuleEvent;

/// The purpose of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    RequestVote,
    PreVote,
    /// Entries, a heartbeat or a snapshot: only a leader sends it.
    Leads,
    TimeoutNow,
    Other,
}

/// A call, and the event with which it began.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub from: usize,
    pub to: usize,
    pub purpose: Purpose,
    /// The term in its arguments.
    pub term: Option<u64>,
    /// The last index that it brings, if it brings entries.
    pub last_index: Option<u64>,
    /// Whether a flag of its arguments is set. It may be the exception of a rule.
    pub has_flag: bool,
    /// The request, when it was sent.
    pub sent: RuleEvent,
    /// The number of the event with which the request arrived, once it has.
    pub arrived: Option<u64>,
}

/// A step of a call.
pub(super) struct CallStep {
    pub call: Call,
    pub step: Step,
    /// The event in words.
    pub event: RuleEvent,
    pub location: Option<&'static Location<'static>>,
    /// The term of the reply, if this is a step of it.
    pub reply_term: Option<u64>,
    /// Whether the reply says yes: a vote is granted, entries are accepted.
    pub yes: Option<bool>,
}

/// The calls that are under way.
#[derive(Default)]
pub(super) struct Calls {
    under_way: BTreeMap<u64, Call>,
}

impl Calls {
    /// A step of a call between servers; `None` for other calls.
    pub fn step(&mut self, event: &Event<'_>, message: &Message<'_>) -> Option<CallStep> {
        let Party::Server(from) = message.from else { return None };
        let (from, to) = (from.server, message.to.server);
        let server = event.server()?;
        let says = |content: Option<&Value>| content.map_or(String::new(), |content| format!(" {content}"));
        let name = message.method.rsplit('.').next().unwrap_or(message.method);
        let what = match message.step {
            Step::RequestSent { .. } | Step::RequestDelivered => {
                format!("{name} #{} {from}→{to}{}", message.call, says(message.content))
            }
            _ => format!(
                "server {to} answers {name} #{} of server {from}{}",
                message.call,
                says(message.content)
            ),
        };
        let told = RuleEvent {
            number: event.number,
            time: event.at.as_secs_f64(),
            server: server.to_string(),
            what,
        };
        if let Step::RequestSent { .. } = message.step {
            let purpose = purpose(name);
            let content = message.content;
            let number = |names: &[&str]| content.and_then(|content| field(content, names)?.as_u64());
            let entries = content.and_then(|content| field(content, &["entries"]));
            let last_index = number(&["prevlogindex", "previndex"])
                .zip(entries.filter(|list| !list.is_truncated()))
                .map(|(prev, list)| prev + list.len() as u64);
            let has_flag = content
                .is_some_and(|content| content.fields().any(|(_, value)| value.as_bool() == Some(true)));
            let term = number(&["term", "currentterm"]);
            let call =
                Call { from, to, purpose, term, last_index, has_flag, sent: told.clone(), arrived: None };
            self.under_way.insert(message.call, call);
        }
        let call = self.under_way.get_mut(&message.call)?;
        if let Step::RequestDelivered = message.step {
            call.arrived = Some(event.number);
        }
        let call = call.clone();
        if let Step::ReplyDelivered = message.step {
            self.under_way.remove(&message.call);
        }
        let is_reply = matches!(message.step, Step::ReplySent | Step::ReplyDelivered);
        let reply = message.content.filter(|_| is_reply);
        Some(CallStep {
            call,
            step: message.step,
            event: told,
            location: message.location,
            reply_term: reply.and_then(|reply| field(reply, &["term", "currentterm"])?.as_u64()),
            yes: reply.and_then(|reply| field(reply, &["votegranted", "granted", "success"])?.as_bool()),
        })
    }
}

fn purpose(method: &str) -> Purpose {
    match plain(method).as_str() {
        "requestvote" => Purpose::RequestVote,
        "prevote" | "requestprevote" => Purpose::PreVote,
        "appendentries" | "installsnapshot" | "heartbeat" => Purpose::Leads,
        "timeoutnow" => Purpose::TimeoutNow,
        _ => Purpose::Other,
    }
}

/// A name without case and underscores.
fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// The field of a struct that has one of these names.
fn field(value: &Value, names: &[&str]) -> Option<Value> {
    value.fields().find(|(name, _)| names.contains(&plain(name).as_str())).map(|(_, value)| value)
}

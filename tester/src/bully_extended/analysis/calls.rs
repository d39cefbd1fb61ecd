//! [`Calls`]: the calls between nodes, as far as they can be read. A solution with other names is understood
//! by adding its spelling here, and nowhere else.

use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Duration;

use labgob::Value;
use labrpc::Step;

use crate::event::{Event, Message, Party};
use crate::rule::RuleEvent;

/// The purpose of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Inquiry,
    Election,
    Victory,
    Heartbeat,
    Publish,
    Commit,
    Vote,
    Other,
}

/// A call, and the event with which it began.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub from: usize,
    pub to: usize,
    pub purpose: Purpose,
    /// The generation in its arguments.
    pub generation: Option<u64>,
    /// The version in its arguments.
    pub version: Option<u64>,
    /// The request, when it was sent.
    pub sent: RuleEvent,
    /// The number and the time of the event with which the request arrived first, once it has.
    pub arrived: Option<(u64, Duration)>,
}

/// A step of a call.
pub(super) struct CallStep {
    pub call: Call,
    pub step: Step,
    pub at: Duration,
    /// The event in words.
    pub event: RuleEvent,
    pub location: Option<&'static Location<'static>>,
    /// The reply, if this is a step of it.
    pub reply: Option<Value>,
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
        let name = message.method.rsplit('.').next().unwrap_or(message.method);
        let says = message.content.map_or(String::new(), |content| format!(" {content}"));
        let what = match message.step {
            Step::RequestSent { .. } => format!("{name} #{} {from}→{to}{says}", message.call),
            Step::RequestDelivered => format!("{name} #{} {from}→{to} arrives:{says}", message.call),
            _ => format!("server {to} answers {name} #{} of server {from}:{says}", message.call),
        };
        let told = RuleEvent {
            number: event.number,
            time: event.at.as_secs_f64(),
            server: format!("server {}", event.server()?.server),
            what,
        };
        if let Step::RequestSent { .. } = message.step {
            let number = |names: &[&str]| message.content.and_then(|it| field(it, names)?.as_u64());
            let call = Call {
                from,
                to,
                purpose: purpose(name, message.content),
                generation: number(&["generation", "epoch", "clock"]),
                version: number(&["version"]),
                sent: told.clone(),
                arrived: None,
            };
            self.under_way.insert(message.call, call);
        }
        let call = self.under_way.get_mut(&message.call)?;
        if let Step::RequestDelivered = message.step {
            call.arrived.get_or_insert((event.number, event.at));
        }
        let call = call.clone();
        if let Step::ReplyDelivered = message.step {
            self.under_way.remove(&message.call);
        }
        let is_reply = matches!(message.step, Step::ReplySent | Step::ReplyDelivered);
        Some(CallStep {
            call,
            step: message.step,
            at: event.at,
            event: told,
            location: message.location,
            reply: message.content.filter(|_| is_reply).cloned(),
        })
    }
}

impl CallStep {
    /// Whether the reply acknowledges the message: it says so, or it knows no newer generation. `None` if it
    /// does not tell.
    pub fn is_yes(&self) -> Option<bool> {
        let reply = self.reply.as_ref()?;
        let said = field(reply, &["ok", "success", "accepted"]).and_then(|yes| yes.as_bool());
        said.or_else(|| {
            Some(field(reply, &["generation", "epoch", "clock"])?.as_u64()? <= self.call.generation?)
        })
    }

    /// Whether the reply says that the node misses its leader. `None` if it does not tell.
    pub fn is_missing(&self) -> Option<bool> {
        let reply = self.reply.as_ref()?;
        let said = field(reply, &["misses", "missing", "isdead"]).and_then(|misses| misses.as_bool());
        said.or_else(|| field(reply, &["leader"]).map(|leader| leader.is_empty()))
    }

    /// The votes in the reply. `None` if it does not tell.
    pub fn votes(&self) -> Option<i64> {
        let reply = self.reply.as_ref()?;
        let votes = field(reply, &["votes", "vote"])?;
        votes.as_i64().or_else(|| votes.as_bool().map(i64::from))
    }
}

fn purpose(method: &str, content: Option<&Value>) -> Purpose {
    let is_trial = content
        .and_then(|content| field(content, &["istrial", "trial", "dryrun", "prevote"])?.as_bool())
        .unwrap_or_default();
    match plain(method).as_str() {
        "inquiry" | "inquire" | "misses" | "askothers" => Purpose::Inquiry,
        "election" | "elect" => Purpose::Election,
        "victory" | "coordinator" => Purpose::Victory,
        "heartbeat" => Purpose::Heartbeat,
        "publish" => Purpose::Publish,
        "commit" => Purpose::Commit,
        "vote" | "requestvote" if !is_trial => Purpose::Vote,
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

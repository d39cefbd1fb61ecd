//! [`Fact`]: an event of a Raft cluster, as the rules see it.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use labapi::State;

use super::message::{Reply, Request, Term};
use crate::rule::{BrokenRule, Rule, RuleEvent};

/// An event of a Raft cluster.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// The event's number in the stream.
    pub number: u64,
    pub at: Duration,
    /// The server at which it happens.
    pub server: usize,
    /// The line of the solution that did it.
    pub location: Option<&'static Location<'static>>,
    pub kind: FactKind,
}

/// A call from one server to another.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub number: u64,
    pub from: usize,
    pub to: usize,
    pub request: Request,
}

#[derive(Clone, Debug)]
pub(super) enum FactKind {
    Started,
    /// What the server does from now on, until it starts again, reaches neither its storage nor others.
    CutOff,
    Crashed,
    Halted,
    /// The server sends a request.
    Sent(Arc<Call>),
    /// A request reaches the server.
    Delivered(Arc<Call>),
    /// The server's handler returns.
    Answered(Arc<Call>, Reply),
    /// A reply reaches the server.
    Heard(Arc<Call>, Reply),
    /// A save takes effect. The terms of the saved log, where they were asked for and can be read.
    Saved(Option<Vec<Term>>),
    /// The server is at rest, in this state; it was asked after the event of number `asked`.
    Probed {
        state: State,
        asked: u64,
    },
    /// The test is about to hand the server a command.
    Submitted,
    /// The server answered a query of the test, possibly in the midst of work.
    Queried(State),
    /// The server accepted a command as leader.
    Accepted {
        index: u64,
        term: u64,
    },
    /// The service applies an entry; `command` is a hash of its command.
    Applied {
        index: u64,
        command: u64,
    },
    /// The service is reset to a snapshot that ends at this index.
    Installed(u64),
    /// The service is about to hand over a snapshot of its own that ends at this index.
    SnapshotTaken(u64),
    /// The service is handed an entry that is not the next one.
    OutOfOrder {
        index: u64,
        due: u64,
    },
}

impl Fact {
    /// The event as evidence.
    pub fn evidence(&self) -> RuleEvent {
        RuleEvent {
            number: self.number,
            time: self.at.as_secs_f64(),
            server: format!("server {}", self.server),
            what: self.to_string(),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{} {}→{}", self.request.name(), self.number, self.from, self.to)
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FactKind::Started => write!(f, "server {} restarts", self.server),
            FactKind::CutOff => write!(f, "server {} is cut off", self.server),
            FactKind::Crashed => write!(f, "server {} crashes", self.server),
            FactKind::Halted => write!(f, "server {} is told to stop", self.server),
            FactKind::Sent(call) => write!(f, "{call} {}", call.request),
            FactKind::Delivered(call) => write!(f, "{call} {} arrives", call.request),
            FactKind::Answered(call, reply) => {
                let reply = reply.describe(&call.request);
                write!(f, "server {} answers {call} {}: {reply}", self.server, call.request)
            }
            FactKind::Heard(call, reply) => {
                let reply = reply.describe(&call.request);
                write!(
                    f,
                    "server {} is told by server {} in reply to #{}: {reply}",
                    self.server, call.to, call.number
                )
            }
            FactKind::Saved(None) => write!(f, "server {} saves", self.server),
            FactKind::Saved(Some(terms)) => {
                write!(f, "server {} saves a log of {} entries", self.server, terms.len())
            }
            FactKind::Probed { state, .. } | FactKind::Queried(state) => {
                let role = if state.is_leader { "leads" } else { "is in" };
                write!(f, "server {} {role} term {}", self.server, state.term)
            }
            FactKind::Submitted => write!(f, "server {} is given a command", self.server),
            FactKind::Accepted { index, term } => {
                write!(f, "server {} accepts a command as entry {index}@{term}", self.server)
            }
            FactKind::Applied { index, .. } => write!(f, "server {} applies entry {index}", self.server),
            FactKind::Installed(index) => {
                write!(f, "the service of server {} is reset to the snapshot up to {index}", self.server)
            }
            FactKind::SnapshotTaken(index) => {
                write!(f, "the service of server {} takes a snapshot up to {index}", self.server)
            }
            FactKind::OutOfOrder { index, due } => {
                write!(f, "server {} delivers entry {index}, and {due} is due", self.server)
            }
        }
    }
}

/// A rule that is broken by the server of `facts`' last, which show it.
pub(super) fn broken(rule: &Rule, headline: String, mut facts: Vec<&Fact>) -> BrokenRule {
    facts.sort_by_key(|fact| fact.number);
    facts.dedup_by_key(|fact| fact.number);
    let last = facts.last().expect("a rule is broken by an event");
    BrokenRule {
        id: rule.id.to_owned(),
        text: rule.citation(),
        headline,
        server: format!("server {}", last.server),
        at_seconds: last.at.as_secs_f64(),
        location: facts.iter().rev().find_map(|fact| fact.location).map(crate::event::position),
        events: facts.iter().map(|fact| fact.evidence()).collect(),
        progress: false,
    }
}

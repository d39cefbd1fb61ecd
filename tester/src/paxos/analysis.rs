//! [`PaxosAnalysis`]: which rules of Paxos does a solution break? An analysis of its messages and saves, from
//! outside; of single decrees, and of a log whose ballots are for all instances.
//!
//! - `message`: requests and replies, as far as they can be read;
//! - `acceptors`: what an acceptor has promised, accepted and saved;
//! - `proposers`: what a proposer was told, and proposes; what learners learn.
//!
//! A rule is named only if it is broken in every possible world. An acceptor's answers are certain when they
//! are sent, and bind it in requests that arrive after that: handlers run at the same time, and their answers
//! may be sent in any order.

mod acceptors;
pub(crate) mod evidence;
mod message;
mod proposers;
#[cfg(test)]
mod scripts;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use labgob::Value;
use labrpc::Step;
use persister::SaveStep;

use super::event::PaxosEvent;
use crate::event::{Event, Kind, Message, Party};
use crate::rule::{Analysis, BrokenRule};
use acceptors::{Acceptors, Before};
use evidence::Evidence;
use message::{Request, says_yes};
use proposers::Proposers;

/// The analysis of a cluster that runs Paxos.
pub(super) struct PaxosAnalysis {
    servers: usize,
    calls: BTreeMap<u64, Call>,
    acceptors: Acceptors,
    proposers: Proposers,
    /// Servers whose crash has begun: nothing that they do counts until they start again.
    cut_off: BTreeSet<usize>,
    /// Rules and servers that were reported; each is reported once.
    reported: BTreeSet<(String, String)>,
    unseen: BTreeSet<String>,
}

struct Call {
    from: usize,
    to: usize,
    request: Request,
    /// What was certain of the acceptor when a copy of the request arrived first.
    before: Option<Before>,
}

impl PaxosAnalysis {
    /// An analysis of a cluster of `servers` servers.
    pub fn new(servers: usize) -> Self {
        Self {
            servers,
            calls: BTreeMap::new(),
            acceptors: Acceptors::default(),
            proposers: Proposers::new(servers),
            cut_off: BTreeSet::new(),
            reported: BTreeSet::new(),
            unseen: BTreeSet::new(),
        }
    }

    fn message(&mut self, event: &Event<'_>, message: &Message<'_>) -> Option<BrokenRule> {
        let Party::Server(from) = message.from else { return None };
        let (from, to) = (from.server, message.to.server);
        if from >= self.servers || to >= self.servers {
            return None; // majorities of a cluster that grows are not known
        }
        let shown = |server: usize| Evidence::of_message(event, server, message);
        let hears = match message.step {
            Step::RequestDelivered => Some(to),
            Step::ReplyDelivered => Some(from),
            _ => None,
        };
        if let (Some(server), Some(content)) = (hears, message.content) {
            self.acceptors.hears(server, message::mentioned(content), &shown(server));
        }
        if let Step::RequestSent { .. } = message.step {
            let request = Request::read(message.method, message.content?)?;
            let is_up = !self.cut_off.contains(&from);
            let broken = is_up.then(|| self.proposers.sends(from, &request, &shown(from))).flatten();
            self.calls.insert(message.call, Call { from, to, request, before: None });
            return broken;
        }
        let call = self.calls.get_mut(&message.call)?;
        match message.step {
            Step::RequestDelivered => {
                let before = self.acceptors.before(to, &call.request);
                call.before.get_or_insert(before);
                self.proposers.reaches(to, &call.request);
                None
            }
            Step::ReplySent | Step::ReplyLate { .. } => {
                let content = message.content?;
                let Some(yes) = says_yes(content) else {
                    self.unseen.insert(format!(
                        "the reply of `{}` does not say yes or no in a form that is recognised: rules about \
                         it are silent",
                        message.method
                    ));
                    return None;
                };
                if !yes || self.cut_off.contains(&to) {
                    return None;
                }
                let promise = call.request.promise(content);
                let before = call.before.clone().unwrap_or_default();
                self.acceptors.answers(to, &call.request, &before, promise.as_ref(), &shown(to))
            }
            Step::ReplyDelivered => {
                let content = message.content?;
                if let Request::Prepare { .. } = call.request
                    && says_yes(content)?
                {
                    let promise = call.request.promise(content);
                    self.proposers.promised(call.to, &call.request, promise, shown(call.from));
                }
                None
            }
            _ => None,
        }
    }

    fn judge(&mut self, event: &Event<'_>) -> Option<BrokenRule> {
        let server = event.server().map(|who| who.server);
        match event.kind {
            Kind::Message(message) => self.message(event, message),
            Kind::Started => {
                self.cut_off.remove(&server?);
                None
            }
            Kind::CutOff => {
                self.cut_off.insert(server?);
                None
            }
            Kind::Crashed { .. } | Kind::Halted => {
                let server = server?;
                self.acceptors.crashed(server, Evidence::of_crash(event, server));
                None
            }
            Kind::Saved(save) => {
                let took_effect = matches!(
                    save.step,
                    SaveStep::TookEffect { .. } | SaveStep::Interrupted { took_effect: true }
                );
                if took_effect {
                    self.acceptors.saved(server?, event.number);
                }
                None
            }
            Kind::Protocol(_) => {
                let Some(PaxosEvent::Decided(decree)) = event.protocol() else { return None };
                let server = server?;
                let shown = Evidence::of_decision(event, server, decree.instance);
                let value = Value::of(&Bytes(&decree.value)).expect("bytes can be encoded");
                self.proposers.decided(server, decree.instance, &value, &shown)
            }
            _ => None,
        }
    }
}

/// A value as it is in messages.
#[derive(serde::Serialize)]
#[serde(transparent)]
struct Bytes<'a>(#[serde(with = "labgob::bytes")] &'a [u8]);

impl Analysis for PaxosAnalysis {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let broken = self.judge(event);
        let is_new = |rule: &BrokenRule| self.reported.insert((rule.id.clone(), rule.server.clone()));
        broken.into_iter().filter(is_new).collect()
    }

    fn at_end(&mut self, _at: Duration) -> Vec<BrokenRule> {
        Vec::new()
    }

    fn unseen(&self) -> Vec<String> {
        self.unseen.iter().cloned().collect()
    }
}

//! [`RaftAnalysis`]: which rules of Raft does a solution break? An analysis of its messages, saves and
//! observations, from outside.
//!
//! - `spelling`: the names of methods and fields in solutions;
//! - `message`: requests and replies, as far as they can be read;
//! - `fact`: an event, as the rules see it;
//! - `shadow`, `shadow_log`: what is known of each server, and of its log;
//! - `votes`, `standing`, `entries`, `commits`, `delivery`, `installing`, `terms`, `heeding`: the rules that
//!   every correct solution keeps at every moment. They name a rule only if it is broken in every possible
//!   world;
//! - `observed`: the situations that the cluster comes to, which judge nothing;
//! - `progress`: what should have happened and did not, asked at the end of a run that waited in vain.
//!
//! A rule that cannot read what it needs is silent, and [`Analysis::unseen`] says so.

mod commits;
mod delivery;
mod entries;
mod fact;
mod heeding;
mod installing;
mod message;
mod observed;
mod progress;
mod shadow;
mod shadow_log;
mod spelling;
mod standing;
mod terms;
mod votes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use labrpc::Step;
use persister::SaveStep;
use rustc_hash::{FxHashMap, FxHashSet};

use super::event::RaftEvent;
use crate::event::{Event, Kind, Message, Party};
use crate::rule::{Analysis, BrokenRule};
use entries::Entries;
use fact::{Call, Fact, FactKind};
use heeding::Heeding;
use installing::Installing;
use message::{Reply, Request, Unread};
use observed::Observed;
use progress::Progress;
use shadow::Shadow;
use standing::Standing;
use terms::Terms;
use votes::Elections;

/// The most broken rules that are kept of a run.
const MAX_BROKEN: usize = 100;

/// The analysis of a cluster of Raft peers.
pub(super) struct RaftAnalysis {
    shadow: Shadow,
    calls: FxHashMap<u64, Arc<Call>>,
    /// Added to indices: 1 if the solution's log begins at 0.
    offset: u64,
    elections: Elections,
    standing: Standing,
    entries: Entries,
    terms: Terms,
    heeding: Heeding,
    installing: Installing,
    progress: Progress,
    observed: Observed,
    /// Rules and servers that were reported; each is reported once.
    reported: FxHashSet<(String, String)>,
    unseen: BTreeSet<String>,
}

impl RaftAnalysis {
    /// An analysis of a cluster of `servers` servers. `services_tell`: whether there are events of what the
    /// services apply.
    pub fn new(servers: usize, services_tell: bool) -> Self {
        Self {
            shadow: Shadow::new(servers),
            calls: FxHashMap::default(),
            offset: 0,
            elections: Elections::default(),
            standing: Standing::new(servers),
            entries: Entries::default(),
            terms: Terms::default(),
            heeding: Heeding::new(servers),
            installing: Installing::new(servers),
            progress: Progress::new(servers, services_tell),
            observed: Observed::new(servers),
            reported: FxHashSet::default(),
            unseen: BTreeSet::new(),
        }
    }

    /// The event as a fact about a server, if it is one.
    fn fact(&mut self, event: &Event<'_>) -> Option<Fact> {
        let server = event.server().map(|who| who.server);
        let fact = |server, location, kind| {
            Some(Fact { number: event.number, at: event.at, server, location, kind })
        };
        match event.kind {
            Kind::Started => fact(server?, None, FactKind::Started),
            Kind::CutOff => fact(server?, None, FactKind::CutOff),
            Kind::Crashed { .. } | Kind::Left => fact(server?, None, FactKind::Crashed),
            Kind::Halted => fact(server?, None, FactKind::Halted),
            Kind::Saved(save) => {
                let took_effect = matches!(
                    save.step,
                    SaveStep::TookEffect { .. } | SaveStep::Interrupted { took_effect: true }
                );
                let server = server.filter(|_| took_effect)?;
                let asked = self.shadow.servers.get(server).is_some_and(|it| it.wants_saved_log);
                let log = if asked { message::saved_log(save) } else { None };
                fact(server, Some(save.location), FactKind::Saved(log))
            }
            Kind::Submitted { .. } => fact(server?, None, FactKind::Submitted),
            Kind::Message(message) => self.message(event, message),
            Kind::Protocol(_) => match event.protocol::<RaftEvent>()? {
                RaftEvent::Probed { probe, state } => {
                    fact(server?, None, FactKind::Probed { state: *state, asked: probe.asked.number })
                }
                RaftEvent::Queried { state, .. } => fact(server?, None, FactKind::Queried(*state)),
                RaftEvent::Accepted { position, .. } => {
                    let kind = FactKind::Accepted { index: position.index.0, term: position.term.0 };
                    fact(server?, None, kind)
                }
                RaftEvent::Applied { index, command } => {
                    let kind = FactKind::Applied { index: index.0, command: message::hash(command) };
                    fact(server?, None, kind)
                }
                RaftEvent::Installed { content, .. } => {
                    let index = content.as_ref().ok()?.last_index.0;
                    fact(server?, None, FactKind::Installed(index))
                }
                RaftEvent::SnapshotTaken(index) => fact(server?, None, FactKind::SnapshotTaken(index.0)),
                RaftEvent::OutOfOrder { index, due } => {
                    fact(server?, None, FactKind::OutOfOrder { index: index.0, due: due.0 })
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn message(&mut self, event: &Event<'_>, message: &Message<'_>) -> Option<Fact> {
        let Party::Server(from) = message.from else { return None };
        let (from, to) = (from.server, message.to.server);
        let hears = match message.step {
            Step::RequestDelivered => Some(to),
            Step::ReplyDelivered => Some(from),
            _ => None,
        };
        if let Some(server) = hears.and_then(|server| self.shadow.servers.get_mut(server)) {
            server.has_heard = true;
        }
        let fact = |server, kind| {
            Some(Fact { number: event.number, at: event.at, server, location: message.location, kind })
        };
        if let Step::RequestSent { .. } = message.step {
            let content = message.content?;
            if Request::counts_from_zero(content) {
                self.offset = 1;
            }
            let request = match Request::read(message.method, content, self.offset) {
                Ok(request) => request,
                Err(Unread::Harmless) => return None,
                Err(Unread::Other) => {
                    self.shadow.unread.others = true;
                    self.unseen.insert(format!(
                        "`{}` is none of the paper's calls: rules that it may serve are silent",
                        message.method
                    ));
                    return None;
                }
                Err(Unread::Field { method, field }) => {
                    match method {
                        "request_vote" => self.shadow.unread.votes = true,
                        _ => self.shadow.unread.entries = true,
                    }
                    self.unseen.insert(format!(
                        "`{}` has no field that is recognised as {field} of {method}: rules about it are \
                         silent",
                        message.method
                    ));
                    return None;
                }
            };
            let call = Arc::new(Call { number: message.call, from, to, request });
            self.calls.insert(message.call, Arc::clone(&call));
            return fact(from, FactKind::Sent(call));
        }
        let call = Arc::clone(self.calls.get(&message.call)?);
        let reply = |content| Reply::read(&call.request, content);
        match message.step {
            Step::RequestDelivered => fact(to, FactKind::Delivered(call)),
            Step::ReplySent | Step::ReplyLate { .. } => {
                let reply = reply(message.content?);
                if reply.yes.is_none() && !matches!(call.request, Request::InstallSnapshot { .. }) {
                    let method = call.request.name();
                    match call.request {
                        Request::RequestVote { .. } => self.shadow.unread.votes = true,
                        _ => self.shadow.unread.entries = true,
                    }
                    self.unseen.insert(format!(
                        "the reply of `{}` has no field that is recognised as the yes or no of {method}: \
                         rules about it are silent",
                        message.method
                    ));
                }
                fact(to, FactKind::Answered(call, reply))
            }
            Step::ReplyDelivered => {
                let reply = reply(message.content?);
                fact(from, FactKind::Heard(call, reply))
            }
            _ => None,
        }
    }

    /// Takes a fact into account. Returns the rules that are broken with it.
    fn take(&mut self, fact: &Fact) -> Vec<BrokenRule> {
        if fact.server >= self.shadow.servers.len() {
            // Majorities of a cluster that grows are not known.
            return Vec::new();
        }
        if self.shadow.server(fact.server).is_ignored(fact) {
            return Vec::new();
        }
        let broken = self.judge(fact);
        self.progress.on(fact, &self.shadow);
        self.observed.before(fact, &self.shadow);
        self.shadow.on(fact);
        self.observed.after(fact, &self.shadow);
        broken
    }

    fn judge(&mut self, fact: &Fact) -> Vec<BrokenRule> {
        let Self { shadow, elections, standing, entries, terms, heeding, installing, .. } = self;
        let judged = [
            terms.on(fact, shadow),
            heeding.on(fact, shadow),
            installing.on(fact, shadow),
            elections.on(fact, shadow),
            standing.on(fact, shadow),
            entries.on(fact, shadow),
            commits::on(fact, shadow),
            delivery::on(fact, shadow),
        ];
        let mut broken: Vec<BrokenRule> = judged.into_iter().flatten().collect();
        broken.retain(|rule| {
            self.reported.len() < MAX_BROKEN && self.reported.insert((rule.id.clone(), rule.server.clone()))
        });
        broken
    }
}

impl Analysis for RaftAnalysis {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        self.observed.on_event(event);
        self.heeding.on_event(event);
        self.standing.on_event(event);
        self.fact(event).map_or_else(Vec::new, |fact| self.take(&fact))
    }

    fn at_end(&mut self, at: Duration) -> Vec<BrokenRule> {
        self.progress.at_end(at, &self.shadow)
    }

    fn unseen(&self) -> Vec<String> {
        self.unseen.iter().cloned().collect()
    }

    fn situations(&self) -> Vec<&'static str> {
        self.observed.names()
    }
}

#[cfg(test)]
mod scripts;

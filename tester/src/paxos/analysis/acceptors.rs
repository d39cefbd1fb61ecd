//! Rules of acceptors: promises are kept, told in full, and saved. What an acceptor has answered is certain;
//! what it may have in mind besides is not judged.

use std::collections::BTreeMap;

use super::evidence::{Evidence, broken};
use super::message::{Ballot, Instance, Promise, Request, Scope};
use crate::paxos::rules::{PX1, PX2, PX3, PX8};
use crate::rule::BrokenRule;

/// What each acceptor has answered.
#[derive(Default)]
pub(super) struct Acceptors {
    servers: BTreeMap<usize, Acceptor>,
}

#[derive(Default)]
struct Acceptor {
    /// The highest ballot that it has promised: for all instances, or for each.
    promised: BTreeMap<Instance, Known>,
    /// The highest ballot in which it has accepted something, for each instance.
    accepted: BTreeMap<Instance, Known>,
    /// When it heard of a ballot first.
    heard: BTreeMap<Ballot, Evidence>,
    last_save: u64,
    crashed: Option<Evidence>,
}

/// A ballot, and the answer that shows it.
#[derive(Clone)]
struct Known {
    ballot: Ballot,
    shown: Evidence,
}

/// What was certain of an acceptor when a request arrived.
#[derive(Clone, Default)]
pub(super) struct Before {
    promised: Vec<Known>,
    accepted: Vec<(Instance, Known)>,
}

impl Acceptors {
    pub fn crashed(&mut self, server: usize, evidence: Evidence) {
        self.servers.entry(server).or_default().crashed = Some(evidence);
    }

    pub fn saved(&mut self, server: usize, number: u64) {
        self.servers.entry(server).or_default().last_save = number;
    }

    /// A message that mentions these ballots reaches a server.
    pub fn hears(&mut self, server: usize, ballots: Vec<Ballot>, evidence: &Evidence) {
        let heard = &mut self.servers.entry(server).or_default().heard;
        for ballot in ballots {
            heard.entry(ballot).or_insert_with(|| evidence.clone());
        }
    }

    /// A request arrives at a server.
    pub fn before(&self, server: usize, request: &Request) -> Before {
        let Some(acceptor) = self.servers.get(&server) else { return Before::default() };
        let promised = |instance: &Instance| acceptor.promised.get(instance).cloned();
        match request {
            Request::Prepare { scope: Scope::One(instance), .. } => Before {
                promised: Vec::new(),
                accepted: acceptor
                    .accepted
                    .get(instance)
                    .map(|it| (*instance, it.clone()))
                    .into_iter()
                    .collect(),
            },
            Request::Prepare { scope: Scope::After(after), .. } => {
                let later = acceptor.accepted.iter().filter(|(instance, _)| **instance > Some(*after));
                let accepted = later.map(|(instance, known)| (*instance, known.clone())).collect();
                Before { promised: Vec::new(), accepted }
            }
            Request::Accept { .. } => {
                Before { promised: promised(&request.scope()).into_iter().collect(), accepted: Vec::new() }
            }
        }
    }

    /// An acceptor has said yes to a request. `promise` is what it tells, if that can be read.
    pub fn answers(
        &mut self,
        server: usize,
        request: &Request,
        before: &Before,
        promise: Option<&Promise>,
        evidence: &Evidence,
    ) -> Option<BrokenRule> {
        let acceptor = self.servers.entry(server).or_default();
        let broken = acceptor.judge(server, request, before, promise, evidence);
        acceptor.learn(request, evidence);
        broken
    }
}

impl Acceptor {
    fn judge(
        &self,
        server: usize,
        request: &Request,
        before: &Before,
        promise: Option<&Promise>,
        evidence: &Evidence,
    ) -> Option<BrokenRule> {
        let crash_since =
            |known: &Known| self.crashed.clone().filter(|crash| crash.number > known.shown.number);
        let ballot = request.ballot();
        if let Some(known) = before.promised.iter().find(|known| known.ballot > *ballot) {
            let headline =
                format!("server {server} accepted a proposal of a lower ballot than it had promised");
            return Some(match crash_since(known) {
                Some(crash) => {
                    let headline = format!("server {server} forgot a promise in a crash");
                    broken(&PX2, server, headline, vec![known.shown.clone(), crash, evidence.clone()])
                }
                None => broken(&PX1, server, headline, vec![known.shown.clone(), evidence.clone()]),
            });
        }
        if let Some(promise) = promise {
            let hidden = before.accepted.iter().find(|(instance, known)| {
                let is_told = |told: &super::message::Accepted| {
                    told.instance == *instance && told.ballot >= known.ballot
                };
                // What is chosen may be left out.
                let is_chosen = instance.is_some_and(|instance| instance <= promise.chosen)
                    && matches!(request, Request::Prepare { scope: Scope::After(_), .. });
                !is_chosen && !promise.accepted.iter().any(is_told)
            });
            if let Some((_, known)) = hidden {
                let headline = format!("server {server} promised, and hid what it had accepted");
                return Some(match crash_since(known) {
                    Some(crash) => {
                        let headline = format!("server {server} forgot in a crash what it had accepted");
                        broken(&PX2, server, headline, vec![known.shown.clone(), crash, evidence.clone()])
                    }
                    None => broken(&PX8, server, headline, vec![known.shown.clone(), evidence.clone()]),
                });
            }
        }
        let heard = self.heard.get(ballot).filter(|heard| heard.number > self.last_save)?;
        let headline = format!(
            "server {server} answered yes in a ballot, and has saved nothing since it \
                                heard of that"
        );
        Some(broken(&PX3, server, headline, vec![heard.clone(), evidence.clone()]))
    }

    fn learn(&mut self, request: &Request, evidence: &Evidence) {
        let ballot = request.ballot();
        let known = Known { ballot: ballot.clone(), shown: evidence.clone() };
        let raise = |map: &mut BTreeMap<Instance, Known>, instance: Instance| {
            if map.get(&instance).is_none_or(|it| it.ballot < known.ballot) {
                map.insert(instance, known.clone());
            }
        };
        raise(&mut self.promised, request.scope());
        if let Request::Accept { proposals, .. } = request {
            proposals.iter().for_each(|(instance, _)| raise(&mut self.accepted, *instance));
        }
    }
}

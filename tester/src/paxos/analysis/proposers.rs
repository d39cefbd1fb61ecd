//! Rules of proposers: promises of a majority, the value of the highest ballot, unique ballots; and of
//! learners, who learn what a majority can have accepted.

use std::collections::{BTreeMap, BTreeSet};

use labgob::Value;

use super::evidence::{Evidence, broken};
use super::message::{Ballot, Instance, Promise, Request};
use crate::paxos::rules::{PX4, PX5, PX6, PX7, PX9};
use crate::rule::BrokenRule;

/// The ballots so far.
pub(super) struct Proposers {
    servers: usize,
    /// By [scope](Request::scope) and ballot.
    ballots: BTreeMap<(Instance, Ballot), BallotState>,
    /// Whether any promise was seen that can be read.
    sees_promises: bool,
    /// In a log: all instances up to here were said to be chosen, and were looked at.
    said_to_be_chosen: u64,
}

struct BallotState {
    proposer: usize,
    shown: Evidence,
    /// The promises that have reached the proposer, by acceptor.
    promises: BTreeMap<usize, (Promise, Evidence)>,
    /// Whether an answer could not be read.
    is_unread: bool,
    /// The value of each instance, with the first accept request.
    values: BTreeMap<Instance, (Value, Evidence)>,
    /// The acceptors that can have accepted each instance's value.
    reached: BTreeMap<Instance, BTreeSet<usize>>,
}

impl Proposers {
    pub fn new(servers: usize) -> Self {
        Self { servers, ballots: BTreeMap::new(), sees_promises: false, said_to_be_chosen: 0 }
    }

    fn majority(&self) -> usize {
        self.servers / 2 + 1
    }

    fn ballot(&mut self, key: (Instance, Ballot), proposer: usize, shown: &Evidence) -> &mut BallotState {
        self.ballots.entry(key).or_insert_with(|| BallotState {
            proposer,
            shown: shown.clone(),
            promises: BTreeMap::new(),
            is_unread: false,
            values: BTreeMap::new(),
            reached: BTreeMap::new(),
        })
    }

    /// A server sends a request.
    pub fn sends(&mut self, from: usize, request: &Request, evidence: &Evidence) -> Option<BrokenRule> {
        let key = (request.scope(), request.ballot().clone());
        let (majority, sees_promises) = (self.majority(), self.sees_promises);
        let state = self.ballot(key.clone(), from, evidence);
        if state.proposer != from {
            let headline = format!("server {from} uses a ballot of server {}", state.proposer);
            return Some(broken(&PX6, from, headline, vec![state.shown.clone(), evidence.clone()]));
        }
        let Request::Accept { proposals, .. } = request else { return None };
        let mut news = Vec::new();
        for (instance, value) in proposals {
            state.reached.entry(*instance).or_default().insert(from);
            match state.values.get(instance) {
                Some((known, shown)) if known != value => {
                    let headline = format!("server {from} proposed two values in one ballot");
                    return Some(broken(&PX7, from, headline, vec![shown.clone(), evidence.clone()]));
                }
                Some(_) => continue,
                None => {
                    state.values.insert(*instance, (value.clone(), evidence.clone()));
                }
            }
            if !sees_promises || state.is_unread {
                continue;
            }
            let promised = state.promises.len() + 1;
            if promised < majority {
                let headline = format!(
                    "server {from} asked to accept a value with the promises of {promised} servers, itself \
                     included; a majority is {majority}"
                );
                let shown = vec![state.shown.clone(), evidence.clone()];
                return Some(broken(&PX5, from, headline, shown));
            }
            news.push((*instance, value));
        }
        let wrong =
            news.into_iter().find_map(|(instance, value)| self.judge_value(&key, instance, value, evidence));
        wrong.or_else(|| self.says_chosen(from, request, evidence))
    }

    /// In a log, a leader says up to where all instances are chosen. Each of them must have been accepted by
    /// a majority in one ballot. An instance of which no proposal was seen is not judged.
    fn says_chosen(&mut self, from: usize, request: &Request, evidence: &Evidence) -> Option<BrokenRule> {
        let Request::Accept { chosen: Some(chosen), is_of_one: false, .. } = request else { return None };
        let first = self.said_to_be_chosen + 1;
        self.said_to_be_chosen = self.said_to_be_chosen.max(*chosen);
        for instance in first..=*chosen {
            let reached = |state: &BallotState| state.reached.get(&Some(instance)).map_or(0, BTreeSet::len);
            let proposed = self.ballots.values().filter(|state| reached(state) > 0);
            let Some(most) = proposed.max_by_key(|state| reached(state)) else { continue };
            if reached(most) < self.majority() {
                let headline = format!(
                    "server {from} says that instance {instance} is chosen, which {} of {} servers can have \
                     accepted in one ballot; a majority is {}",
                    reached(most),
                    self.servers,
                    self.majority()
                );
                return Some(broken(&PX9, from, headline, vec![most.shown.clone(), evidence.clone()]));
            }
        }
        None
    }

    /// Whether some majority of those who have promised leaves the proposer this value. The proposer itself
    /// is one of them, and may have accepted what was sent to it or by it, or what it was about to send.
    fn judge_value(
        &self,
        key: &(Instance, Ballot),
        instance: Instance,
        value: &Value,
        evidence: &Evidence,
    ) -> Option<BrokenRule> {
        let state = &self.ballots[key];
        let told: Vec<(Option<&Ballot>, Option<&Value>, &Evidence)> = state
            .promises
            .values()
            .map(|(promise, shown)| {
                if instance.is_some_and(|instance| instance <= promise.chosen) && key.0.is_none() {
                    // What this acceptor knows to be chosen need not be in its answer.
                    return (None, None, shown);
                }
                let told = promise.accepted.iter().filter(|it| it.instance == instance);
                let highest = told.max_by(|one, other| one.ballot.cmp(&other.ballot));
                (highest.map(|it| &it.ballot), highest.map(|it| &it.value), shown)
            })
            .collect();
        let is_majority = |below: Option<&Ballot>| {
            told.iter().filter(|(ballot, ..)| *ballot <= below).count() + 1 >= self.majority()
        };
        let earlier = self.ballots.range((key.0, Ballot::new())..key.clone());
        let own = earlier.filter(|(_, it)| match it.values.get(&instance) {
            Some((known, _)) => {
                known == value && it.reached.get(&instance).is_some_and(|who| who.contains(&state.proposer))
            }
            // In a ballot of its own it may have accepted anything, and have crashed before it asked others.
            None => it.proposer == state.proposer && it.promises.len() + 1 >= self.majority(),
        });
        let own_ballots = own.map(|((_, ballot), _)| Some(ballot));
        let told_ballots = told.iter().filter(|(_, of, _)| *of == Some(value)).map(|(ballot, ..)| *ballot);
        if is_majority(None) || told_ballots.chain(own_ballots).any(is_majority) {
            return None;
        }
        let (_, _, highest) = told.iter().max_by(|one, other| one.0.cmp(&other.0))?;
        let server = state.proposer;
        let headline =
            format!("server {server} proposed another value than that of the highest ballot it was told of");
        Some(broken(&PX4, server, headline, vec![(*highest).clone(), evidence.clone()]))
    }

    /// A request reaches an acceptor.
    pub fn reaches(&mut self, to: usize, request: &Request) {
        let Request::Accept { ballot, proposals, .. } = request else { return };
        if let Some(state) = self.ballots.get_mut(&(request.scope(), ballot.clone())) {
            for (instance, _) in proposals {
                state.reached.entry(*instance).or_default().insert(to);
            }
        }
    }

    /// A promise reaches its proposer; `None` if it cannot be read.
    pub fn promised(
        &mut self,
        acceptor: usize,
        request: &Request,
        promise: Option<Promise>,
        evidence: Evidence,
    ) {
        self.sees_promises |= promise.is_some();
        let key = (request.scope(), request.ballot().clone());
        let Some(state) = self.ballots.get_mut(&key) else { return };
        match promise {
            Some(promise) => {
                state.promises.insert(acceptor, (promise, evidence));
            }
            None => state.is_unread = true,
        }
    }

    /// A node says that this value was chosen for an instance.
    pub fn decided(
        &self,
        server: usize,
        instance: u64,
        value: &Value,
        evidence: &Evidence,
    ) -> Option<BrokenRule> {
        let (first, end) = ((Some(instance), Ballot::new()), (Some(instance + 1), Ballot::new()));
        let of_instance = || self.ballots.range(first.clone()..end.clone());
        of_instance().next()?; // its messages can be read
        let has_value = |state: &BallotState| {
            let known = state.values.get(&Some(instance));
            known.is_some_and(|(known, _)| known == value)
        };
        let proposed: Vec<&BallotState> =
            of_instance().map(|(_, it)| it).filter(|it| has_value(it)).collect();
        let reached = |state: &&BallotState| state.reached.get(&Some(instance)).map_or(0, BTreeSet::len);
        if proposed.is_empty() || proposed.iter().any(|it| reached(it) >= self.majority()) {
            return None;
        }
        let most = proposed.iter().max_by_key(|it| reached(it))?;
        let headline = format!(
            "server {server} learned a value of instance {instance} that {} of {} servers can have accepted \
             in one ballot; a majority is {}",
            reached(most),
            self.servers,
            self.majority()
        );
        Some(broken(&PX9, server, headline, vec![most.shown.clone(), evidence.clone()]))
    }
}

//! [`ShardAnalysis`]: which rules of the sharded service does a solution break? An analysis of the calls of
//! clients and controllers, from outside.
//!
//! A rule is named only if it is broken in every possible world. What a group has answered binds it in
//! requests that arrive after that: they come later in its log.

#[cfg(test)]
mod scripts;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use labapi::{ConfigNum, ShardId};
use labrpc::Step;
use parking_lot::Mutex;

use super::rules::{SK1, SK2, SK3, SK4, SK5};
use crate::event::{Event, Kind, Message, Party};
use crate::key_value::{Moment, finding};
use crate::rule::{Analysis, BrokenRule, Rule, RuleEvent};
use words::{Asks, Refusal, Reply, Verb, asks, reply};

/// The answers "wrong group" in a row after which a clerk should have read the configuration.
const PATIENCE: usize = 20;

/// What the analyses of all groups, and of the store of configurations, know together.
#[derive(Clone, Default)]
pub(super) struct Moves {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    calls: BTreeMap<u64, Call>,
    /// What each group has answered about each shard.
    groups: BTreeMap<(&'static str, ShardId), Answered>,
    /// The configurations by which each shard was installed.
    installed: BTreeSet<(ShardId, ConfigNum)>,
    /// The requests of each client that were refused as ones for another group, since it last read the
    /// configuration.
    refused: BTreeMap<u32, Vec<RuleEvent>>,
    /// Rules and groups that were reported; each is reported once.
    reported: BTreeSet<(String, String)>,
}

/// A call that is under way.
struct Call {
    from: u32,
    asks: Asks,
    /// The request as an event.
    sent: RuleEvent,
    /// The answers of the group that preceded the arrival of the request.
    before: Option<Answered>,
}

/// What a group has answered about a shard.
#[derive(Clone, Default)]
struct Answered {
    /// The step with the highest number that it has done.
    newest: Option<(ConfigNum, RuleEvent)>,
    /// The freeze with the highest number, if the shard was not installed again by a later configuration
    /// since.
    frozen: Option<(ConfigNum, RuleEvent)>,
    /// Whether a request to install the shard by a later configuration has arrived since: it may be done at
    /// any moment.
    may_serve: bool,
}

/// The analysis of one group, or of the store of configurations.
pub(super) struct ShardAnalysis {
    moves: Moves,
    /// The group's name; empty for the store.
    group: &'static str,
    unseen: BTreeSet<String>,
}

impl ShardAnalysis {
    /// The analysis of the group of this name.
    pub fn new(group: &'static str, moves: &Moves) -> Self {
        Self { moves: moves.clone(), group, unseen: BTreeSet::new() }
    }

    fn message(&mut self, event: &Event<'_>, message: &Message<'_>) -> Option<BrokenRule> {
        let Party::Client(from) = message.from else { return None };
        let mut shared = self.moves.shared.lock();
        if self.group.is_empty() {
            if let Step::RequestSent { .. } = message.step {
                shared.refused.remove(&from);
            }
            return None;
        }
        if let Step::RequestSent { .. } = message.step {
            let content = message.content?;
            let Some(asks) = asks(message.method, content) else {
                self.unseen.insert(format!(
                    "what {} asks for: its arguments have no key, and no shard and number, under names \
                     that are known",
                    message.method
                ));
                return None;
            };
            let what = format!("{} #{} client {from}→{} {content}", message.method, message.call, message.to);
            let sent = Moment::of(event).shown(message.from, what);
            shared.calls.insert(message.call, Call { from, asks, sent, before: None });
            return None;
        }
        let group = self.group;
        let Shared { calls, groups, installed, refused, .. } = &mut *shared;
        let call = calls.get_mut(&message.call)?;
        let answered = groups.entry((group, call.asks.shard)).or_default();
        match message.step {
            Step::RequestDelivered => {
                call.before.get_or_insert_with(|| answered.clone());
                let installs = matches!(call.asks.verb, Verb::Install);
                if installs && answered.frozen.as_ref().is_some_and(|(num, _)| call.asks.num > *num) {
                    answered.may_serve = true;
                }
                None
            }
            Step::ReplySent | Step::ReplyLate { .. } => {
                let content = message.content?;
                let what = format!("{} answers {} #{} {content}", message.to, message.method, message.call);
                let shown = Moment::of(event).shown(message.to.into(), what);
                let (verb, num, shard) = (call.asks.verb, call.asks.num, call.asks.shard);
                match (reply(verb, content)?, verb) {
                    (Reply::Refused(_), _) => None,
                    (Reply::Done, Verb::Get | Verb::Put) => {
                        let (frozen, freeze) = call.before.as_ref()?.frozen.clone()?;
                        if answered.may_serve
                            || answered.frozen.as_ref().is_none_or(|(now, _)| *now != frozen)
                        {
                            return None;
                        }
                        let headline = format!(
                            "{group} did a request for a key of shard {shard}, which it had frozen by \
                             configuration {frozen}"
                        );
                        Some(broken(&SK2, group, headline, vec![freeze, call.sent.clone(), shown], message))
                    }
                    (Reply::Done, step) => {
                        let newest = call.before.as_ref().and_then(|before| before.newest.clone());
                        if let Some((newest, earlier)) = newest
                            && num < newest
                        {
                            let headline = format!(
                                "{group} did a step of configuration {num} for shard {shard}, after one of \
                                 configuration {newest}"
                            );
                            let events = vec![earlier, call.sent.clone(), shown];
                            return Some(broken(&SK1, group, headline, events, message));
                        }
                        if answered.newest.as_ref().is_none_or(|(newest, _)| num >= *newest) {
                            answered.newest = Some((num, shown.clone()));
                        }
                        match step {
                            Verb::Freeze => {
                                if answered.frozen.as_ref().is_none_or(|(frozen, _)| num > *frozen) {
                                    (answered.frozen, answered.may_serve) = (Some((num, shown)), false);
                                }
                            }
                            Verb::Install => {
                                installed.insert((shard, num));
                                if answered.frozen.as_ref().is_some_and(|(frozen, _)| num > *frozen) {
                                    (answered.frozen, answered.may_serve) = (None, false);
                                }
                            }
                            Verb::Delete if !installed.contains(&(shard, num)) => {
                                let headline = format!(
                                    "{group} deleted shard {shard} by configuration {num}, and no group has \
                                     answered that it was installed by that configuration"
                                );
                                let events = vec![call.sent.clone(), shown];
                                return Some(broken(&SK3, group, headline, events, message));
                            }
                            Verb::Delete | Verb::Get | Verb::Put => {}
                        }
                        None
                    }
                }
            }
            Step::ReplyDelivered => {
                let content = message.content?;
                if let Some(Reply::Refused(Refusal::WrongGroup)) = reply(call.asks.verb, content) {
                    let what = format!("{} #{} returns {content}", message.method, message.call);
                    let shown = Moment::of(event).shown(message.from, what);
                    refused.entry(call.from).or_default().push(shown);
                }
                calls.remove(&message.call);
                None
            }
            _ => None,
        }
    }

    /// Shards of this group that were frozen and never installed anywhere.
    fn stranded(&self) -> Vec<BrokenRule> {
        let shared = self.moves.shared.lock();
        let of_group = shared.groups.iter().filter(|((group, _), _)| *group == self.group);
        let stranded = of_group.filter_map(|((group, shard), answered)| {
            let (num, freeze) = answered.frozen.clone()?;
            let later = shared.installed.range((*shard, num)..).next();
            if later.is_some_and(|(installed, _)| installed == shard) {
                return None;
            }
            let headline = format!(
                "{group} has frozen shard {shard} by configuration {num}, and no group has installed it since"
            );
            Some(of_progress(&SK4, group, headline, vec![freeze]))
        });
        stranded.take(1).collect()
    }

    /// Clients that are sent away again and again, and do not ask where to go.
    fn stubborn(&self) -> Vec<BrokenRule> {
        let shared = self.moves.shared.lock();
        let stubborn = shared.refused.iter().filter(|(_, refused)| refused.len() >= PATIENCE);
        let broken = stubborn.map(|(client, refused)| {
            let headline = format!(
                "client {client} was told {} times in a row that it asked the wrong group, and has not \
                 read the configuration meanwhile",
                refused.len()
            );
            let events = [refused.first(), refused.last()].into_iter().flatten().cloned().collect();
            of_progress(&SK5, &format!("client {client}"), headline, events)
        });
        broken.take(1).collect()
    }
}

fn broken(
    rule: &Rule,
    group: &str,
    headline: String,
    events: Vec<RuleEvent>,
    message: &Message<'_>,
) -> BrokenRule {
    finding(rule, group.to_owned(), headline, events, message.location)
}

fn of_progress(rule: &Rule, party: &str, headline: String, events: Vec<RuleEvent>) -> BrokenRule {
    BrokenRule { progress: true, ..finding(rule, party.to_owned(), headline, events, None) }
}

impl Analysis for ShardAnalysis {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let Kind::Message(message) = event.kind else { return Vec::new() };
        let broken = self.message(event, message);
        let mut shared = self.moves.shared.lock();
        let is_new = |rule: &BrokenRule| shared.reported.insert((rule.id.clone(), rule.server.clone()));
        broken.into_iter().filter(is_new).collect()
    }

    fn at_end(&mut self, _: Duration) -> Vec<BrokenRule> {
        match self.group {
            "" => self.stubborn(),
            _ => self.stranded(),
        }
    }

    fn unseen(&self) -> Vec<String> {
        self.unseen.iter().cloned().collect()
    }
}

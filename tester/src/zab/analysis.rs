//! [`ZabAnalysis`]: which rules of Zab does a solution break? An analysis of its messages and saves, from
//! outside.
//!
//! - `message`: what servers say, as far as it can be read;
//! - `followers`: what a server has accepted, acknowledged and saved;
//! - `leaders`: what a leader was told, and what it proposes and commits.
//!
//! A rule is named only if it is broken in every possible world.

mod followers;
mod leaders;
mod message;
#[cfg(test)]
mod scripts;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use labrpc::Step;
use persister::SaveStep;

use crate::event::{Event, Kind, Message, Party};
use crate::paxos::analysis::evidence::Evidence;
use crate::rule::{Analysis, BrokenRule};
use followers::Follower;
use leaders::Leaders;
use message::Said;

/// The analysis of servers that run Zab.
pub(super) struct ZabAnalysis {
    servers: usize,
    /// The servers with lower numbers vote.
    voters: usize,
    followers: BTreeMap<usize, Follower>,
    leaders: Leaders,
    /// The epochs of the proposals that calls carry.
    proposals: BTreeMap<u64, u32>,
    /// Servers whose crash has begun: nothing that they do counts until they start again.
    cut_off: BTreeSet<usize>,
    /// Rules and servers that were reported; each is reported once.
    reported: BTreeSet<(String, String)>,
    /// Kinds of messages that were recognised.
    recognised: BTreeSet<&'static str>,
}

/// The kinds of messages that rules are about.
const KINDS: [&str; 6] =
    ["votes", "FOLLOWERINFO", "ACKEPOCH", "NEWLEADER and its ACK", "proposals", "ACKs of proposals"];

impl ZabAnalysis {
    /// An analysis of so many servers, of which those with the lowest numbers vote.
    pub fn new(servers: usize, voters: usize) -> Self {
        Self {
            servers,
            voters,
            followers: BTreeMap::new(),
            leaders: Leaders::new(voters),
            proposals: BTreeMap::new(),
            cut_off: BTreeSet::new(),
            reported: BTreeSet::new(),
            recognised: BTreeSet::new(),
        }
    }

    /// What a message says. The epoch of a bare acknowledgement is that of the request that it answers.
    fn read(&mut self, message: &Message<'_>) -> Option<Said> {
        let mut said = Said::read(message.content?)?;
        match &mut said {
            Said::Proposal { epoch, .. } => {
                self.proposals.insert(message.call, *epoch);
            }
            Said::Ack { epoch, .. } if epoch.is_none() => {
                *epoch = self.proposals.get(&message.call).copied();
            }
            _ => {}
        }
        self.recognised.extend(match said {
            Said::Votes { .. } => Some(KINDS[0]),
            Said::FollowerInfo { .. } => Some(KINDS[1]),
            Said::AckEpoch { .. } => Some(KINDS[2]),
            Said::AckNewLeader { .. } => Some(KINDS[3]),
            Said::Proposal { .. } => Some(KINDS[4]),
            Said::Ack { .. } => Some(KINDS[5]),
            _ => None,
        });
        Some(said)
    }

    fn message(&mut self, event: &Event<'_>, message: &Message<'_>) -> Option<BrokenRule> {
        let Party::Server(from) = message.from else { return None };
        let (caller, callee) = (from.server, message.to.server);
        if caller >= self.servers || callee >= self.servers {
            return None;
        }
        let said = self.read(message)?;
        let shown = |server: usize| Evidence::of_message(event, server, message);
        match message.step {
            Step::RequestSent { .. } => self.says(caller, &said, &shown(caller)),
            Step::ReplySent | Step::ReplyLate { .. } => self.says(callee, &said, &shown(callee)),
            Step::RequestDelivered => {
                self.hears(callee, caller, &said, &shown(callee));
                None
            }
            Step::ReplyDelivered => {
                self.hears(caller, callee, &said, &shown(caller));
                None
            }
            _ => None,
        }
    }

    fn says(&mut self, me: usize, said: &Said, shown: &Evidence) -> Option<BrokenRule> {
        if self.cut_off.contains(&me) {
            return None;
        }
        let is_voter = me < self.voters;
        let broken = self.followers.entry(me).or_default().says(me, is_voter, said, shown);
        broken.or_else(|| self.leaders.says(me, said, shown))
    }

    fn hears(&mut self, me: usize, from: usize, said: &Said, shown: &Evidence) {
        self.followers.entry(me).or_default().hears(said, shown);
        self.leaders.hears(me, from, said);
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
                let crash = Evidence::of_crash(event, server);
                self.followers.entry(server).or_default().crashed(crash);
                None
            }
            Kind::Saved(save) => {
                let took_effect = matches!(
                    save.step,
                    SaveStep::TookEffect { .. } | SaveStep::Interrupted { took_effect: true }
                );
                if took_effect {
                    self.followers.entry(server?).or_default().saved(event.number);
                }
                None
            }
            _ => None,
        }
    }
}

impl Analysis for ZabAnalysis {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let broken = self.judge(event);
        let is_new = |rule: &BrokenRule| self.reported.insert((rule.id.clone(), rule.server.clone()));
        broken.into_iter().filter(is_new).collect()
    }

    fn at_end(&mut self, _at: Duration) -> Vec<BrokenRule> {
        Vec::new()
    }

    fn unseen(&self) -> Vec<String> {
        let missing = KINDS.iter().filter(|kind| !self.recognised.contains(*kind));
        missing
            .map(|kind| format!("no {kind} in a form that is recognised: rules about them are silent"))
            .collect()
    }
}

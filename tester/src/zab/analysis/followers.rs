//! Rules of followers: what is accepted is saved, in order, and epochs go up. What a server has said is
//! certain when it is sent. Messages of one incarnation may be sent in any order, because each may have a
//! thread of its own; so what is said is compared with what had been said before its occasion came.

use std::collections::BTreeMap;

use labapi::Zxid;

use super::message::{Said, Vote};
use crate::paxos::analysis::evidence::{Evidence, broken};
use crate::rule::{BrokenRule, Rule};
use crate::zab::rules::{ZB1, ZB2, ZB3, ZB4, ZB5, ZB9};

/// What is certain of a server.
#[derive(Default)]
pub(super) struct Follower {
    /// The highest epoch that it has accepted in this incarnation, and before.
    accepted: Option<(u32, Evidence)>,
    accepted_before: Option<(u32, Evidence)>,
    /// The epochs that it was asked to accept in this incarnation: what it had accepted when it was asked
    /// first.
    offered: BTreeMap<u32, Option<(u32, Evidence)>>,
    /// The current epoch that it has told in this incarnation, before it was asked to take up another.
    told_epoch: Option<u32>,
    /// The last thing that it has acknowledged: it has this history in this epoch, or a longer one; or it is
    /// in a later epoch.
    acked: Option<Acked>,
    /// The shortest history that it was sent with NEWLEADER, by epoch, and when first.
    new_leader: BTreeMap<u32, (Zxid, Evidence)>,
    /// The epochs of NEWLEADERs that have come in this incarnation, and when first.
    synchronised: BTreeMap<u32, Evidence>,
    /// The epoch that it has taken up in this incarnation, and the end of its history then.
    joined: Option<(u32, Zxid)>,
    /// The proposals of that epoch that have come in this incarnation.
    heard: BTreeMap<Zxid, Evidence>,
    /// Its votes for itself in this incarnation, by round.
    own_votes: BTreeMap<u64, (Vote, Evidence)>,
    last_save: u64,
    crash: Option<Evidence>,
}

struct Acked {
    epoch: u32,
    zxid: Zxid,
    rule: &'static Rule,
    shown: Evidence,
}

impl Follower {
    pub fn saved(&mut self, number: u64) {
        self.last_save = number;
    }

    /// Another incarnation begins.
    pub fn crashed(&mut self, evidence: Evidence) {
        let accepted = self.accepted.take();
        let before = self.accepted_before.take();
        self.accepted_before = [accepted, before].into_iter().flatten().max_by_key(|(epoch, _)| *epoch);
        let (acked, new_leader) = (self.acked.take(), std::mem::take(&mut self.new_leader));
        let (accepted_before, last_save) = (self.accepted_before.take(), self.last_save);
        *self =
            Self { accepted_before, acked, new_leader, last_save, crash: Some(evidence), ..Self::default() };
    }

    /// A message reaches it.
    pub fn hears(&mut self, said: &Said, shown: &Evidence) {
        match said {
            Said::NewEpoch { epoch } => {
                let accepted = self.accepted.clone();
                self.offered.entry(*epoch).or_insert(accepted);
            }
            Said::NewLeader { epoch, transactions } => {
                let last = transactions.last().copied().unwrap_or_default();
                // It may drop what it has of lower epochs from now on.
                self.new_leader.retain(|of, _| of >= epoch);
                let shortest = self.new_leader.entry(*epoch).or_insert_with(|| (last, shown.clone()));
                shortest.0 = shortest.0.min(last);
                if self.acked.as_ref().is_some_and(|acked| acked.epoch <= *epoch) {
                    self.acked = None;
                }
                self.synchronised.entry(*epoch).or_insert_with(|| shown.clone());
                self.own_votes.clear();
                self.hears_transactions(transactions, shown);
            }
            Said::Proposal { transactions, .. } => self.hears_transactions(transactions, shown),
            Said::Unclear => {
                // Its history may be anything now.
                (self.acked, self.joined) = (None, None);
                self.new_leader.clear();
                self.own_votes.clear();
            }
            _ => {}
        }
    }

    fn hears_transactions(&mut self, transactions: &[Zxid], shown: &Evidence) {
        for zxid in transactions {
            self.heard.entry(*zxid).or_insert_with(|| shown.clone());
        }
    }

    /// It says something. `is_voter`: its acknowledgements are promises.
    pub fn says(&mut self, me: usize, is_voter: bool, said: &Said, shown: &Evidence) -> Option<BrokenRule> {
        match said {
            Said::FollowerInfo { accepted_epoch } => self.accepts(me, *accepted_epoch, shown),
            Said::AckEpoch { epoch, current_epoch, last_zxid } => {
                let lower = self.offered.get(epoch).cloned().flatten().filter(|(higher, _)| higher > epoch);
                if let Some((higher, before)) = lower {
                    let headline =
                        format!("server {me} accepted epoch {epoch} when it had accepted epoch {higher}");
                    return Some(broken(&ZB2, me, headline, vec![before, shown.clone()]));
                }
                let broken = self.accepts(me, *epoch, shown);
                let broken = broken.or_else(|| self.tells(me, *current_epoch, *last_zxid, shown));
                self.told_epoch = self.told_epoch.max(Some(*current_epoch));
                broken
            }
            Said::AckNewLeader { epoch, last_zxid } => self.joins(me, is_voter, *epoch, *last_zxid, shown),
            Said::Ack { epoch: Some(epoch), zxid } => self.acks(me, is_voter, *epoch, *zxid, shown),
            Said::Votes { round, vote } => self.votes(me, *round, *vote, shown),
            _ => None,
        }
    }

    /// It has accepted this epoch.
    fn accepts(&mut self, me: usize, epoch: u32, shown: &Evidence) -> Option<BrokenRule> {
        let forgotten = self.accepted_before.clone().filter(|(before, _)| *before > epoch);
        if let (Some((before, promise)), Some(crash)) = (forgotten, self.crash.clone()) {
            let headline = format!(
                "server {me} had accepted epoch {before}, and knew only of epoch {epoch} after a crash"
            );
            return Some(broken(&ZB1, me, headline, vec![promise, crash, shown.clone()]));
        }
        if self.accepted.as_ref().is_none_or(|(accepted, _)| *accepted < epoch) {
            self.accepted = Some((epoch, shown.clone()));
        }
        None
    }

    /// It tells its current epoch and the end of its history.
    fn tells(&self, me: usize, epoch: u32, last: Zxid, shown: &Evidence) -> Option<BrokenRule> {
        if let (Some(acked), Some(crash)) = (&self.acked, &self.crash)
            && acked.shown.number < crash.number
            && (epoch, last) < (acked.epoch, acked.zxid)
        {
            let headline = format!(
                "server {me} had acknowledged {} in epoch {}, and had only {last} in epoch {epoch} after a \
                 crash",
                acked.zxid, acked.epoch
            );
            let events = vec![acked.shown.clone(), crash.clone(), shown.clone()];
            return Some(broken(acked.rule, me, headline, events));
        }
        if let Some((shortest, sent)) = self.new_leader.get(&epoch)
            && last < *shortest
        {
            let headline = format!(
                "server {me} was in epoch {epoch}, whose leader's history goes to {shortest}, and had only \
                 {last}"
            );
            return Some(broken(&ZB3, me, headline, vec![sent.clone(), shown.clone()]));
        }
        None
    }

    /// It acknowledges NEWLEADER.
    fn joins(
        &mut self,
        me: usize,
        is_voter: bool,
        epoch: u32,
        last: Zxid,
        shown: &Evidence,
    ) -> Option<BrokenRule> {
        let joined =
            self.joined.filter(|(before, _)| *before == epoch).map_or(last, |(_, zxid)| zxid.max(last));
        self.joined = Some((epoch, joined));
        if !is_voter {
            return None;
        }
        if self.acked.as_ref().is_none_or(|acked| (acked.epoch, acked.zxid) < (epoch, last)) {
            self.acked = Some(Acked { epoch, zxid: last, rule: &ZB3, shown: shown.clone() });
        }
        let is_new = self.told_epoch.is_some_and(|told| told < epoch);
        let came = self.synchronised.get(&epoch).filter(|came| is_new && came.number > self.last_save)?;
        let headline = format!(
            "server {me} acknowledged NEWLEADER of epoch {epoch}, and has saved nothing since that came"
        );
        Some(broken(&ZB3, me, headline, vec![came.clone(), shown.clone()]))
    }

    /// It acknowledges a proposal of an epoch, and all before it.
    fn acks(
        &mut self,
        me: usize,
        is_voter: bool,
        epoch: u32,
        zxid: Zxid,
        shown: &Evidence,
    ) -> Option<BrokenRule> {
        if is_voter && self.acked.as_ref().is_none_or(|acked| (acked.epoch, acked.zxid) < (epoch, zxid)) {
            self.acked = Some(Acked { epoch, zxid, rule: &ZB4, shown: shown.clone() });
        }
        let (_, joined) = self.joined.filter(|(joined, _)| *joined == epoch && zxid.epoch == epoch)?;
        let first = if joined.epoch == epoch { joined.counter + 1 } else { 1 };
        let missing = (first..=zxid.counter).find(|counter| {
            let before = Zxid { epoch, counter: *counter };
            !self.heard.contains_key(&before)
        });
        if let Some(counter) = missing {
            let headline =
                format!("server {me} acknowledged {zxid}, and ({epoch}, {counter}) had not come to it");
            return Some(broken(&ZB9, me, headline, vec![shown.clone()]));
        }
        let came = self.heard.get(&zxid).filter(|_| is_voter && zxid > joined)?;
        if came.number < self.last_save {
            return None;
        }
        let headline = format!("server {me} acknowledged {zxid}, and has saved nothing since that came");
        Some(broken(&ZB4, me, headline, vec![came.clone(), shown.clone()]))
    }

    /// It votes while it is looking.
    fn votes(&mut self, me: usize, round: u64, vote: Vote, shown: &Evidence) -> Option<BrokenRule> {
        if vote.leader == me {
            let broken = self.tells(me, vote.epoch, vote.zxid, shown);
            self.own_votes.entry(round).or_insert_with(|| (vote, shown.clone()));
            return broken;
        }
        let (own, before) = self.own_votes.get(&round).filter(|(own, _)| vote < *own)?;
        let headline = format!(
            "server {me} voted for server {} with {} in epoch {}, and is better itself, with {} in epoch {}",
            vote.leader, vote.zxid, vote.epoch, own.zxid, own.epoch
        );
        Some(broken(&ZB5, me, headline, vec![before.clone(), shown.clone()]))
    }
}

//! Rules of leaders: quorums of voters, and ids that count up by one.

use std::collections::{BTreeMap, BTreeSet};

use labapi::Zxid;

use super::message::Said;
use crate::display::Servers;
use crate::paxos::analysis::evidence::{Evidence, broken};
use crate::rule::BrokenRule;
use crate::zab::rules::{ZB6, ZB7, ZB8};

/// What the servers have heard of those that follow them, by server and epoch.
pub(super) struct Leaders {
    /// The servers with lower numbers vote.
    voters: usize,
    heard: BTreeMap<(usize, u32), Heard>,
}

#[derive(Default)]
struct Heard {
    /// The voters that have acknowledged NEWLEADER.
    new_leader: BTreeSet<usize>,
    /// The last zxid that each voter has acknowledged.
    acks: BTreeMap<usize, Zxid>,
}

impl Leaders {
    pub fn new(voters: usize) -> Self {
        Self { voters, heard: BTreeMap::new() }
    }

    /// A message of one server reaches another.
    pub fn hears(&mut self, me: usize, from: usize, said: &Said) {
        if from >= self.voters {
            return;
        }
        match said {
            Said::AckNewLeader { epoch, last_zxid } => {
                let heard = self.heard.entry((me, *epoch)).or_default();
                heard.new_leader.insert(from);
                heard.acked(from, *last_zxid);
            }
            Said::Ack { epoch: Some(epoch), zxid } => {
                self.heard.entry((me, *epoch)).or_default().acked(from, *zxid);
            }
            _ => {}
        }
    }

    /// A server says something.
    pub fn says(&self, me: usize, said: &Said, shown: &Evidence) -> Option<BrokenRule> {
        let (epoch, committed) = match said {
            Said::UpToDate { epoch, committed } => (*epoch, Some(*committed)),
            Said::Proposal { epoch, after, transactions, committed } => {
                if let Some(broken) = Self::counts(me, *epoch, *after, transactions, shown) {
                    return Some(broken);
                }
                (*epoch, *committed)
            }
            _ => return None,
        };
        let none = Heard::default();
        let heard = self.heard.get(&(me, epoch)).unwrap_or(&none);
        let others =
            |voters: Vec<usize>| -> Vec<usize> { voters.into_iter().filter(|it| *it != me).collect() };
        let synchronised = others(heard.new_leader.iter().copied().collect());
        if !self.is_quorum(1 + synchronised.len()) {
            let headline = format!(
                "server {me} serves in epoch {epoch}, and of the {} voters {} besides itself has its history",
                self.voters,
                Servers(&synchronised)
            );
            return Some(broken(&ZB7, me, headline, vec![shown.clone()]));
        }
        let committed = committed.filter(|committed| committed.epoch == epoch && committed.counter > 0)?;
        let acked = heard.acks.iter().filter(|(_, zxid)| **zxid >= committed).map(|(server, _)| *server);
        let acked = others(acked.collect());
        if self.is_quorum(1 + acked.len()) {
            return None;
        }
        let headline = format!(
            "server {me} committed {committed}, and of the {} voters {} besides itself has acknowledged it",
            self.voters,
            Servers(&acked)
        );
        Some(broken(&ZB6, me, headline, vec![shown.clone()]))
    }

    fn is_quorum(&self, voters: usize) -> bool {
        voters > self.voters / 2
    }

    /// The ids of what a leader proposes.
    fn counts(
        me: usize,
        epoch: u32,
        after: Option<Zxid>,
        transactions: &[Zxid],
        shown: &Evidence,
    ) -> Option<BrokenRule> {
        let ids: Vec<Zxid> = after.into_iter().chain(transactions.iter().copied()).collect();
        let wrong = ids.windows(2).map(|pair| (pair[0], pair[1])).find(|(before, id)| {
            let due = if id.epoch == before.epoch { before.counter.checked_add(1) } else { Some(1) };
            id.epoch < before.epoch || Some(id.counter) != due
        });
        if let Some((before, id)) = wrong {
            let headline = format!("server {me} proposed {id} after {before}");
            return Some(broken(&ZB8, me, headline, vec![shown.clone()]));
        }
        let foreign = ids.last().filter(|last| last.epoch > epoch)?;
        let headline = format!("server {me} proposed {foreign} in epoch {epoch}");
        Some(broken(&ZB8, me, headline, vec![shown.clone()]))
    }
}

impl Heard {
    fn acked(&mut self, from: usize, zxid: Zxid) {
        let acked = self.acks.entry(from).or_default();
        *acked = zxid.max(*acked);
    }
}

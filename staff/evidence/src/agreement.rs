//! [`Agreement`]: servers agree on each position of their log, and on nothing that was not submitted.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::event::{Event, Parties, Party, PartyId};
use super::flaw::{Area, Flaw};

/// What the servers of a cluster agree on.
#[derive(Default)]
struct Cluster {
    /// The requests that the test has submitted.
    submitted: HashSet<String>,
    /// The commands of a Raft log that services have applied, from index 1.
    log: Vec<String>,
    /// What was agreed on, of each other kind: a value by its position.
    values: HashMap<(&'static str, String), String>,
    /// The number of positions at which a transaction was delivered.
    delivered: u64,
}

/// Follows what servers apply, decide, deliver and execute.
#[derive(Default)]
pub(super) struct Agreement {
    clusters: HashMap<String, Cluster>,
    /// The last index that an incarnation has applied.
    applied: HashMap<(PartyId, u32), u64>,
}

impl Agreement {
    pub(super) fn on(&mut self, event: &Event<'_>, parties: &Parties) -> Result<(), Flaw> {
        let kind = &*event.kind;
        if !matches!(
            kind,
            "submitted"
                | "applied"
                | "installed"
                | "decided"
                | "delivered"
                | "executes"
                | "out_of_order"
                | "forgot"
        ) {
            return Ok(());
        }
        let wrong = |what: &str| Err(event.flaw(Area::Agreement, what));
        let Party::Server { group, .. } = parties.get(event.party) else {
            return wrong("it is of no server");
        };
        if !self.clusters.contains_key(group) {
            self.clusters.insert(group.clone(), Cluster::default());
        }
        let Some(cluster) = self.clusters.get_mut(group) else { return Ok(()) };
        let who = (event.party, event.incarnation.unwrap_or_default());
        match kind {
            "submitted" => {
                let Some(request) = &event.request else { return wrong("it submits nothing") };
                cluster.submitted.insert(request.to_string());
            }
            "applied" => {
                let command = event.content.as_ref().and_then(|it| it.get("command")?.as_str());
                let (Some(index), Some(command)) = (event.number_in("index"), command) else {
                    return wrong("it applies nothing");
                };
                let last = self.applied.entry(who).or_default();
                if index == 0 || index > *last + 1 {
                    return wrong("there is a gap in what it applies");
                }
                *last = index.max(*last);
                let position = usize::try_from(index - 1).unwrap_or(usize::MAX);
                match cluster.log.get(position) {
                    Some(first) if first == command => {}
                    Some(_) => return wrong("another command was applied at this index"),
                    None if !cluster.submitted.contains(command) => {
                        return wrong("it applies a command that was not submitted");
                    }
                    // Every index before was applied by this server, or is in a snapshot of what was applied.
                    None => cluster.log.push(command.to_owned()),
                }
            }
            "installed" if event.content.as_ref().is_some_and(|it| it.get("bytes").is_some()) => {
                let Some(index) = event.number_in("index") else { return wrong("its snapshot is none") };
                if index > cluster.log.len() as u64 {
                    return wrong("its snapshot goes beyond what was applied");
                }
                self.applied.insert(who, index);
            }
            "decided" => {
                let instance = event.content.as_ref().and_then(|it| it.get("instance"));
                let value = event.content.as_ref().and_then(|it| it.get("value")?.as_str());
                let (Some(instance), Some(value)) = (instance, value) else {
                    return wrong("it decides nothing");
                };
                if !cluster.submitted.contains(value) {
                    return wrong("it decides on a value that was not proposed");
                }
                return cluster.agree("decided", instance, value, event);
            }
            "delivered" => {
                let inner = event.content.as_ref().and_then(|it| it.get("Delivered"));
                let zxid = inner.and_then(|it| it.get("zxid"));
                let transaction = inner.and_then(|it| it.get("transaction")?.as_str());
                let (Some(zxid), Some(transaction)) = (zxid, transaction) else {
                    return wrong("it delivers nothing");
                };
                if !cluster.submitted.contains(transaction) {
                    return wrong("it delivers a transaction that was not proposed");
                }
                let before = cluster.values.len();
                cluster.agree("delivered", zxid, transaction, event)?;
                cluster.delivered += (cluster.values.len() - before) as u64;
            }
            "executes" => {
                let (Some(position), Some(submit)) = (event.number_in("position"), event.number_in("submit"))
                else {
                    return wrong("it executes nothing");
                };
                return cluster.agree("executes", &position.into(), &submit.to_string(), event);
            }
            "out_of_order" | "forgot" => return wrong("such a run fails"),
            _ => {}
        }
        Ok(())
    }

    /// The number of commands that were agreed on: the lengths of all Raft logs.
    pub(super) fn commands(&self) -> u64 {
        self.clusters.values().map(|cluster| cluster.log.len() as u64).sum()
    }

    /// The number of transactions that were delivered, each once.
    pub(super) fn delivered(&self) -> u64 {
        self.clusters.values().map(|cluster| cluster.delivered).sum()
    }

    /// The number of positions of other kinds on which there is agreement.
    pub(super) fn values(&self) -> u64 {
        self.clusters.values().map(|cluster| cluster.values.len() as u64).sum()
    }
}

impl Cluster {
    /// Notes that a server has this value at this position, where others must have the same.
    fn agree(
        &mut self,
        kind: &'static str,
        position: &Value,
        value: &str,
        event: &Event<'_>,
    ) -> Result<(), Flaw> {
        let first = self.values.entry((kind, position.to_string())).or_insert_with(|| value.to_owned());
        if first == value {
            return Ok(());
        }
        Err(event.flaw(Area::Agreement, "another value was agreed on at this position"))
    }
}

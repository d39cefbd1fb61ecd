//! [`BullyAnalysis`]: which rules of Bully's cures does a solution break? An analysis of its messages, from
//! outside.
//!
//! - `calls`: requests and replies, as far as they can be read;
//! - `generations`: who leads in which generation, and what is acknowledged after what;
//! - `elections`: what a node was told before it began an election, and before it won;
//! - `publications`: who had acknowledged what is committed;
//! - `votes`: who has voted for whom.
//!
//! Methods and fields are read by their names, without case and underscores. What is not recognised is not
//! judged.

mod calls;
mod elections;
mod generations;
mod publications;
#[cfg(test)]
mod scripts;
mod votes;

use std::collections::BTreeSet;
use std::time::Duration;

use super::BullyForm;
use crate::event::{Event, Kind};
use crate::rule::{Analysis, BrokenRule};
use calls::Calls;
use elections::Elections;
use generations::Generations;
use publications::Publications;
use votes::Votes;

/// The analysis of a cluster.
pub(super) struct BullyAnalysis {
    calls: Calls,
    generations: Generations,
    elections: Elections,
    publications: Publications,
    votes: Votes,
    /// Rules and servers that were reported; each is reported once.
    reported: BTreeSet<(String, String)>,
}

impl BullyAnalysis {
    /// An analysis of a cluster of `servers` servers whose nodes are of this form.
    pub fn new(form: BullyForm, servers: usize) -> Self {
        let majority = servers / 2 + 1;
        Self {
            calls: Calls::default(),
            generations: Generations::default(),
            elections: Elections::new(form, majority),
            publications: Publications::new(majority),
            votes: Votes::new(form, majority),
            reported: BTreeSet::new(),
        }
    }
}

impl Analysis for BullyAnalysis {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let step = match event.kind {
            Kind::Message(message) => self.calls.step(event, message),
            _ => None,
        };
        let found = match &step {
            Some(step) => [
                self.generations.message(step),
                self.elections.message(step),
                self.publications.message(step),
                self.votes.message(step),
            ],
            None => [None, None, None, self.votes.state(event)],
        };
        if let (Kind::Started, Some(who)) = (event.kind, event.server()) {
            self.generations.started(who.server);
            self.elections.started(who.server);
            self.votes.started(who.server);
        }
        let mut broken: Vec<BrokenRule> = found.into_iter().flatten().collect();
        broken.retain(|rule| self.reported.insert((rule.id.clone(), rule.server.clone())));
        broken
    }

    fn at_end(&mut self, _at: Duration) -> Vec<BrokenRule> {
        Vec::new()
    }

    fn unseen(&self) -> Vec<String> {
        Vec::new()
    }
}

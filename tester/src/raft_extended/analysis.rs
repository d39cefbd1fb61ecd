//! [`ExtendedAnalysis`]: which rules of Raft beyond Figure 2 does a solution break?
//!
//! Methods and fields are read by their names: those of the paper and the thesis, in snake case or camel
//! case. What is not recognised is not judged.

mod calls;
mod hearing;
mod reading;
mod standing;

#[cfg(test)]
mod scripts;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::event::{Event, Kind};
use crate::rule::{Analysis, BrokenRule};
use calls::Calls;
use hearing::Hearing;
use reading::Reading;
use standing::Standing;

/// The analysis of a cluster.
#[derive(Default)]
pub(super) struct ExtendedAnalysis {
    calls: Calls,
    hearing: Hearing,
    reading: Reading,
    standing: Standing,
    /// Rules and servers that were reported; each is reported once.
    reported: BTreeSet<(String, String)>,
}

impl Analysis for ExtendedAnalysis {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let message = match event.kind {
            Kind::Message(message) => self.calls.step(event, message),
            _ => None,
        };
        let found = [
            self.hearing.on(event, message.as_ref()),
            self.reading.on(event, message.as_ref()),
            self.standing.on(event, message.as_ref()),
        ];
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

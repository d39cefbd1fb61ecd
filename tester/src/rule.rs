//! [`Rule`]: a sentence of a protocol's paper that every solution keeps, and [`BrokenRule`]: the events that
//! show that one did not.

use std::time::Duration;

use labreport::results;
use serde::{Deserialize, Serialize};

use crate::event::Event;

/// A rule of a protocol: one sentence of its paper, with the mistake that usually breaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name, unique in the workspace: `AE1`.
    pub id: &'static str,
    /// The rule in a few words, as a title: `an older term is refused`.
    pub title: &'static str,
    /// The place in the paper: `Figure 2, AppendEntries RPC, 1`.
    pub place: &'static str,
    /// The sentence: `reply false if term < currentTerm`.
    pub text: &'static str,
    /// What goes wrong without it.
    pub why: &'static str,
    /// The mistake that breaks it most often.
    pub mistake: &'static str,
    /// How to mend that.
    pub cure: &'static str,
}

/// A rule that a solution has broken in a run, with the events that show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrokenRule {
    /// The rule's [id](Rule::id).
    pub id: String,
    /// Place and sentence: `Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm`.
    pub text: String,
    /// What the server did, as one sentence without a full stop: `server 2 accepted an AppendEntries of an
    /// older term`.
    pub headline: String,
    /// The server that broke it.
    pub server: String,
    /// The time of the last of the events, in virtual seconds since the start of the run.
    pub at_seconds: f64,
    /// The line of the solution nearest to it, as `file:line`.
    pub location: Option<String>,
    /// The events that show it, in the order of time: two or three.
    pub events: Vec<RuleEvent>,
    /// Whether it is a rule of progress: something that should have happened did not. It explains failures
    /// for want of progress, and nothing else.
    pub progress: bool,
}

impl Rule {
    /// Place and sentence, as [`BrokenRule::text`].
    #[must_use]
    pub fn citation(&self) -> String {
        format!("{}: {}", self.place, self.text)
    }
}

impl BrokenRule {
    /// The rule as the message of a failure: what was done, and the rule that it breaks.
    #[must_use]
    pub fn statement(&self) -> String {
        format!("{} ({}: {})", self.headline, self.id, self.text)
    }

    /// The broken rule as results have it.
    #[must_use]
    pub fn to_results(&self) -> results::Rule {
        let event = |event: &RuleEvent| results::RuleEvent {
            time: event.time,
            server: event.server.clone(),
            what: event.what.clone(),
        };
        results::Rule {
            id: self.id.clone(),
            text: self.text.clone(),
            headline: self.headline.clone(),
            server: self.server.clone(),
            at_seconds: self.at_seconds,
            location: self.location.clone(),
            events: self.events.iter().map(event).collect(),
        }
    }
}

/// An event that shows that a rule is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleEvent {
    /// The event's number in the stream of events of the run.
    pub number: u64,
    /// Virtual seconds since the start of the run.
    pub time: f64,
    /// The server at which it happened.
    pub server: String,
    /// The event in words: `append_entries #74 1→2 {term 1, prev 16@1, entries [17@1], commit 16}`.
    pub what: String,
}

/// An analysis of the events of a cluster: which rules does the solution break?
///
/// It receives all events of its cluster, with contents, in runs that are [watched or
/// recorded](crate::Detail). It cannot end the run. It names a rule only if no correct solution could have
/// told these events.
pub trait Analysis: Send {
    /// Receives an event. Returns the rules that are broken with it. Called under a lock: it must not call
    /// labrt or wait.
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule>;

    /// Rules of progress that are broken when a run ends at `at` because nothing moved.
    fn at_end(&mut self, at: Duration) -> Vec<BrokenRule>;

    /// What the analysis could not see, in words, for instance because it did not recognise the fields of a
    /// message. Rules that need it were silent.
    fn unseen(&self) -> Vec<String>;

    /// The names of the [situations](crate::Situation) that the cluster came to, of those of its lab.
    fn situations(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Report, ReportedFailure};

    /// A rule that server 2 broke at this time, with two events.
    pub(crate) fn broken(id: &str, at_seconds: f64) -> BrokenRule {
        let event = |number, time, what: &str| RuleEvent {
            number,
            time,
            server: "server 2".to_owned(),
            what: what.to_owned(),
        };
        BrokenRule {
            id: id.to_owned(),
            text: "Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm".to_owned(),
            headline: "server 2 accepted an AppendEntries of an older term".to_owned(),
            server: "server 2".to_owned(),
            at_seconds,
            location: Some("raft/src/replication.rs:120".to_owned()),
            events: vec![
                event(7, at_seconds - 0.25, "append_entries #74 1→2 {term 1, entries [17@1]}"),
                event(8, at_seconds, "server 2 answers {term 2, success}"),
            ],
            progress: false,
        }
    }

    /// The report of an analysed run of 5 s, with the kind and the message of its failure.
    pub(crate) fn report(failure: Option<(&str, &str)>, broken: Vec<BrokenRule>) -> Report {
        Report {
            test: "backup_3b".to_owned(),
            seed: 7,
            failure: failure.map(|(kind, message)| ReportedFailure {
                kind: kind.to_owned(),
                message: message.to_owned(),
                at_seconds: 5.0,
                node: "tester".to_owned(),
                thread: "main".to_owned(),
                location: None,
                backtrace: None,
            }),
            fingerprint: 1,
            reliable: true,
            peers: 3,
            plan: None,
            virtual_seconds: 5.0,
            cpu_seconds: 0.01,
            rpcs: 1,
            bytes: 1,
            commands: 1,
            operations: 0,
            warnings: Vec::new(),
            broken,
            unseen: vec!["votes".to_owned()],
            analysed: true,
            situations: Vec::new(),
            recording: None,
            log: Vec::new(),
        }
    }

    #[test]
    fn results_have_the_rule_and_its_events() {
        let rule = broken("AE1", 2.0).to_results();
        assert_eq!((rule.id.as_str(), rule.events.len()), ("AE1", 2));
        assert!((rule.events[0].time - 1.75).abs() < 1e-9 && rule.events[0].server == "server 2");
    }
}

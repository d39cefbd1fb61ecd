//! [`Page`]: what is known of a run, and its page.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::events::{Events, number_of};
use crate::{history, log_lines, shell};

/// A run, for [`Page::html`].
#[derive(Debug)]
pub struct Page<'a> {
    /// The test's name.
    pub test: &'a str,
    /// The test's title.
    pub title: &'a str,
    /// The seed, as the command line takes it.
    pub seed: &'a str,
    /// The solution under test.
    pub solution: &'a str,
    /// The command that repeats the run.
    pub replay: &'a str,
    /// Virtual seconds from the start to the end of the run.
    pub seconds: f64,
    /// The failure; `None` if the run passed.
    pub failure: Option<Failure>,
    /// The rules that were broken; the first one explains the failure.
    pub broken: &'a [Rule],
    /// The lines of the fault plan that was played: a title, the servers and clients, and a line for each
    /// fault. None if the test plays no plan.
    pub faults: &'a [String],
    /// What the analyses could not see.
    pub unseen: &'a [String],
    /// The events.
    pub events: &'a Events,
    /// The lines of the log.
    pub log: &'a [String],
    /// The comparison with another run of the test.
    pub comparison: Option<Comparison>,
}

/// The failure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The kind's name, such as `assertion`.
    pub kind: String,
    /// The expectation and the observation.
    pub message: String,
    /// Virtual seconds since the start of the run; `None` if the run's process died.
    pub at_seconds: Option<f64>,
    /// The server or the tester, and its thread, where the failure was noticed.
    pub seen_on: String,
    /// The line of the source, as `file:line:column`.
    pub location: Option<String>,
    /// The calls that led to a panic.
    pub backtrace: Option<String>,
}

/// A rule that the solution has broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The rule's name, such as `AE1`.
    pub id: String,
    /// The rule's place and sentence.
    pub text: String,
    /// What the server did.
    pub headline: String,
    /// The server that broke it.
    pub server: String,
    /// Virtual seconds since the start of the run.
    pub at_seconds: f64,
    /// The line of the solution nearest to it, as `file:line`.
    pub location: Option<String>,
    /// The events that show it, in the order of time.
    pub events: Vec<RuleEvent>,
}

/// An event that shows that a rule is broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleEvent {
    /// The event's number.
    pub number: u64,
    /// Virtual seconds since the start of the run.
    pub time: f64,
    /// The server at which it happened.
    pub server: String,
    /// The event in words.
    pub what: String,
}

/// The comparison of a run with another run of the same test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The other run's seed.
    pub seed: String,
    /// Whether the other run passed.
    pub passed: bool,
    /// The first event of this run of which the other run has no like.
    pub unlike: Option<u64>,
}

impl Page<'_> {
    /// The page: one HTML file that needs no other.
    #[must_use]
    pub fn html(&self) -> String {
        shell::document(self, &self.data().to_string()).into_string()
    }

    /// The number of the event with which the page opens: the last one of the broken rule; of a failure
    /// without a rule, the last one before it; of a run that passed, the first one.
    pub(crate) fn opens_at(&self) -> Option<u64> {
        let is_shown = |number: &u64| self.events.iter().any(|event| number_of(event) == Some(*number));
        let of_rule = self.broken.first().and_then(|rule| rule.events.last()).map(|event| event.number);
        if let Some(number) = of_rule.filter(is_shown) {
            return Some(number);
        }
        match &self.failure {
            None => self.events.iter().find_map(number_of),
            Some(failure) => {
                let at = failure.at_seconds.map_or(u64::MAX, nanoseconds);
                let time = |event: &&serde_json::Map<String, Json>| {
                    event.get("time_ns").and_then(Json::as_u64).unwrap_or(0)
                };
                let is_violation = |event: &&serde_json::Map<String, Json>| {
                    event.get("kind").and_then(Json::as_str) == Some("violation")
                };
                let mut back = self.events.iter().rev();
                let violation = self.events.iter().rev().find(is_violation);
                let last = violation.or_else(|| back.find(|event| time(event) <= at));
                last.or_else(|| self.events.iter().next_back()).and_then(number_of)
            }
        }
    }

    fn data(&self) -> Json {
        let time = |event: Option<&serde_json::Map<String, Json>>| {
            event.and_then(|event| event.get("time_ns")).and_then(Json::as_u64)
        };
        let (first, last) = (time(self.events.iter().next()), time(self.events.iter().next_back()));
        let is_whole = self.events.len() as u64 == self.events.total();
        let (from, to) =
            if is_whole { (0, u64::MAX) } else { (first.unwrap_or(0), last.unwrap_or(u64::MAX)) };
        json!({
            "test": self.test,
            "seed": self.seed,
            "seconds": self.seconds,
            "opens_at": self.opens_at(),
            "total": self.events.total(),
            "before": self.events.before(),
            "failed_ns": self.failure.as_ref().and_then(|failure| failure.at_seconds).map(nanoseconds),
            "rules": self.broken.iter().map(|rule| json!({
                "id": rule.id,
                "headline": rule.headline,
                "events": rule.events.iter().map(|event| event.number).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "history": self.failure.as_ref().and_then(|failure| history::told(&failure.message)),
            "comparison": self.comparison,
            "events": self.events.iter().collect::<Vec<_>>(),
            "log": log_lines::shown(self.log, from, to),
        })
    }
}

/// Seconds of virtual time, of which a run has some thousands at most.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

//! [`finding`]: a broken rule, from the events that show it.

use std::panic::Location;

use crate::event::position;
use crate::rule::{BrokenRule, Rule, RuleEvent};

/// The rule as broken by `party`, shown by these events.
pub(crate) fn finding(
    rule: &Rule,
    party: String,
    headline: String,
    mut events: Vec<RuleEvent>,
    location: Option<&Location<'_>>,
) -> BrokenRule {
    events.sort_by_key(|event| event.number);
    events.dedup_by_key(|event| event.number);
    BrokenRule {
        id: rule.id.to_owned(),
        text: rule.citation(),
        headline,
        server: party,
        at_seconds: events.last().map_or(0.0, |event| event.time),
        location: location.map(position).filter(|line| !line.starts_with("tester/")),
        events,
        progress: false,
    }
}

//! [`Rule::lines`]: a broken rule for people to read.

use crate::results::{Rule, RuleEvent};
use crate::text::one_line;

/// The events that are shown at most. With them a reader has the rule within ten lines.
const EVENTS: usize = 5;

/// Characters of a line that are shown.
const LINE: usize = 300;

impl Rule {
    /// `AE1: server 2 accepted an AppendEntries of an older term`, or the rule alone where it is not known
    /// what a server did. Control characters are escaped.
    #[must_use]
    pub fn title(&self) -> String {
        let title = if self.headline.is_empty() { &self.text } else { &self.headline };
        format!("[{}]: {}", one_line(&self.id, LINE), one_line(title, LINE))
    }

    /// The time, the server and the line of the solution: `2.433 s, server 2, raft/src/replication.rs:120`.
    /// `None` where they are not known.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let Self { server, at_seconds, location, .. } = self;
        let location = location.as_deref().map(|it| format!(", {}", one_line(it, LINE))).unwrap_or_default();
        (!server.is_empty()).then(|| format!("{at_seconds:.3} s, {}{location}", one_line(server, LINE)))
    }

    /// A line for each event, five at most: the first and the last ones. Control characters are escaped.
    #[must_use]
    pub fn event_lines(&self) -> Vec<String> {
        let besides = self.events.len().saturating_sub(EVENTS);
        let is_shown = |number: &usize| *number == 0 || *number > besides;
        let times: Vec<String> = self.events.iter().map(|event| format!("{:.3}", event.time)).collect();
        let shown = || self.events.iter().zip(&times).enumerate().filter(|(number, _)| is_shown(number));
        let width = shown().map(|(_, (_, time))| time.len()).max().unwrap_or(0);
        let line = |(number, (event, time)): (usize, (&RuleEvent, &String))| {
            format!("{:2}  {time:>width$}  {}", number + 1, event.sentence())
        };
        shown().map(line).collect()
    }

    /// The rule's sentence: `rule: Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm`.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("rule: {}", one_line(&self.text, LINE))
    }

    /// All of it: title, place, events, and the rule's sentence unless the title has it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("broken rule {}", self.title())];
        lines.extend(self.place().map(|place| format!("  at {place}")));
        lines.extend(self.event_lines());
        if !self.headline.is_empty() {
            lines.push(format!("  {}", self.sentence()));
        }
        lines
    }
}

impl RuleEvent {
    /// The event, with its server unless the words have it.
    fn sentence(&self) -> String {
        let what = one_line(&self.what, LINE);
        let is_named = self.server.is_empty() || what.contains(&self.server) || what.contains('→');
        if is_named { what } else { format!("{}: {what}", one_line(&self.server, LINE)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(events: usize) -> Rule {
        let event = |number: usize| RuleEvent {
            time: number as f64 + 8.0,
            server: "server 2".to_owned(),
            what: format!("event {number}"),
        };
        Rule {
            id: "AE1".to_owned(),
            text: "Figure 2: reply false".to_owned(),
            headline: "server 2 accepted it".to_owned(),
            server: "server 2".to_owned(),
            at_seconds: 9.0,
            location: Some("raft/src/lib.rs:7".to_owned()),
            events: (1..=events).map(event).collect(),
        }
    }

    #[test]
    fn a_rule_is_shown_with_its_events() {
        assert_eq!(
            rule(2).lines(),
            [
                "broken rule [AE1]: server 2 accepted it",
                "  at 9.000 s, server 2, raft/src/lib.rs:7",
                " 1   9.000  server 2: event 1",
                " 2  10.000  server 2: event 2",
                "  rule: Figure 2: reply false",
            ]
        );
    }

    #[test]
    fn the_first_and_the_last_events_are_shown() {
        let numbers: Vec<String> =
            rule(9).event_lines().iter().map(|line| line[..2].trim().to_owned()).collect();
        assert_eq!(numbers, ["1", "6", "7", "8", "9"]);
        assert_eq!(rule(5).event_lines().len(), 5);
    }

    #[test]
    fn servers_are_named_once() {
        for (what, shown) in [
            ("server 2 answers", "server 2 answers"),
            ("append_entries #7 1→2", "append_entries #7 1→2"),
            ("saves", "server 2: saves"),
        ] {
            let event = RuleEvent { what: what.to_owned(), ..rule(1).events[0].clone() };
            assert_eq!(event.sentence(), shown);
        }
    }

    #[test]
    fn a_rule_without_events_is_its_sentence() {
        let known = Rule { id: "AE1".to_owned(), text: "reply false".to_owned(), ..Rule::default() };
        assert_eq!(known.lines(), ["broken rule [AE1]: reply false"]);
    }

    #[test]
    fn texts_are_in_one_line_and_escaped() {
        let hostile = "a\u{1b}[2J\nb\u{202e}".to_owned();
        let event = RuleEvent { time: 1.0, server: hostile.clone(), what: hostile.clone() };
        let rule = Rule {
            id: hostile.clone(),
            text: hostile.clone(),
            headline: hostile.clone(),
            server: hostile.clone(),
            at_seconds: 1.0,
            location: Some(hostile),
            events: vec![event],
        };
        for line in rule.lines() {
            assert!(!line.contains(['\u{1b}', '\n', '\u{202e}']), "{line:?}");
            assert!(line.contains(r"a\u{1b}[2J b\u{202e}"), "{line:?}");
        }
    }
}

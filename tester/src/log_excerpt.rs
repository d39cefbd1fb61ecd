//! [`log_excerpt()`]: the lines of a failed run's log that are shown with the failure.

use crate::Explanation;
use crate::explanation::is_of_history;
use crate::log_end::{log_end, node_of, server_in};

/// Lines that are shown near the moments that count, all together.
const LINES: usize = 20;

/// The least number of lines near one of them.
const LEAST: usize = 5;

/// Lines to both sides of a moment among which those of its server come first.
const WINDOW: usize = 30;

/// Some lines of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogExcerpt<'a> {
    /// What they are: `the end of its log`, or what they are near.
    pub title: &'static str,
    /// The lines, in the order of time. [`GAP`](Self::GAP) stands for lines that are left out between them.
    pub lines: Vec<&'a str>,
}

impl LogExcerpt<'_> {
    /// The line in place of those that are left out.
    pub const GAP: &'static str = "           …";
}

/// A moment of a run, and the server at which it counts.
struct Moment {
    seconds: f64,
    server: Option<usize>,
}

/// The lines near the events of the rule that explains a failure. Where a history is not linearizable, those
/// near the operation that has no place. Otherwise the last 15 lines, and before them as many of the server
/// that the failure names as it takes to have 5 of that server.
///
/// `node` and `message` are the failure's. Near an event, lines of its server are preferred.
#[must_use]
pub fn log_excerpt<'a>(
    log: &'a [String],
    node: &str,
    message: &str,
    explanation: &Explanation,
) -> LogExcerpt<'a> {
    let near = |moments: Vec<Moment>, title| (!moments.is_empty()).then(|| (near(log, &moments), title));
    let found = match explanation {
        Explanation::Cause(rule) => {
            let of_event =
                |event: &crate::RuleEvent| Moment { seconds: event.time, server: server_in(&event.server) };
            near(rule.events.iter().map(of_event).collect(), "its log near these events")
        }
        _ if is_of_history(message) => {
            near(operation(message), "its log near the answer that no order explains")
        }
        _ => None,
    };
    match found {
        Some((lines, title)) if !lines.is_empty() => LogExcerpt { title, lines },
        _ => {
            let lines = log_end(log, node, message);
            LogExcerpt { title: "the end of its log", lines }
        }
    }
}

/// The call and the return of the operation in the second line of a message on a history:
/// `    client 1, 0.006 s to 0.007 s: Get(x) -> "a", version 1`.
fn operation(message: &str) -> Vec<Moment> {
    let line = message.lines().nth(1).unwrap_or_default();
    let times = line.split_once(", ").map_or("", |(_, times)| times);
    let times = times.split_once(':').map_or(times, |(times, _)| times);
    let seconds = times.split(" s").filter_map(|text| text.trim_start_matches(" to ").trim().parse().ok());
    seconds.take(2).map(|seconds| Moment { seconds, server: None }).collect()
}

/// The lines near these moments.
fn near<'a>(log: &'a [String], moments: &[Moment]) -> Vec<&'a str> {
    // A long log has lost its beginning.
    let begin = log.iter().find_map(|line| time_of(line)).unwrap_or(f64::INFINITY);
    let is_kept = |moment: &&Moment| moment.seconds + 1e-6 >= begin;
    let each = (LINES / moments.iter().filter(is_kept).count().max(1)).max(LEAST);
    let kept = moments.iter().filter(is_kept);
    let mut chosen: Vec<usize> = kept.flat_map(|moment| nearest(log, moment, each)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mut lines = Vec::new();
    let mut next = chosen.first().copied().unwrap_or(0);
    for number in chosen {
        if number > next {
            lines.push(LogExcerpt::GAP);
        }
        lines.push(log[number].as_str());
        next = number + 1;
    }
    lines
}

/// The positions of this many lines near a moment: those of its server first.
fn nearest(log: &[String], moment: &Moment, most: usize) -> Vec<usize> {
    // Lines are stamped with microseconds.
    let is_before = |line: &String| time_of(line).is_none_or(|time| time <= moment.seconds + 1e-6);
    let middle = log.partition_point(is_before);
    let window = middle.saturating_sub(WINDOW)..(middle + WINDOW).min(log.len());
    let is_other = |number: usize| match moment.server {
        Some(server) => node_of(&log[number]).and_then(server_in) != Some(server),
        None => false,
    };
    let mut numbers: Vec<usize> = window.collect();
    // What led to the moment is of more interest than what follows.
    let distance =
        |number: usize| if number < middle { middle - 1 - number } else { 2 * (number - middle) + 1 };
    numbers.sort_by_key(|&number| (is_other(number), distance(number)));
    numbers.truncate(most);
    numbers
}

/// The time of a line, in seconds, if it has one.
fn time_of(line: &str) -> Option<f64> {
    line.trim_start().split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::tests::broken;

    /// A log with a line every 10 ms, of servers 0, 1 and 2 in turn.
    fn log(lines: u64) -> Vec<String> {
        let line = |number: u64| {
            let seconds = number as f64 / 100.0;
            format!("{seconds:>11.6} INFO  server {}/ticker           line {number}", number % 3)
        };
        (0..lines).map(line).collect()
    }

    fn excerpt<'a>(log: &'a [String], message: &str, explanation: &Explanation) -> LogExcerpt<'a> {
        log_excerpt(log, "tester", message, explanation)
    }

    fn numbers(excerpt: &LogExcerpt<'_>) -> Vec<u64> {
        let number = |line: &&str| line.rsplit(' ').next()?.parse().ok();
        excerpt.lines.iter().filter_map(number).collect()
    }

    #[test]
    fn lines_near_the_events_are_shown() {
        let log = log(1000);
        // Two events of server 2, at 1.75 s and 2 s.
        let excerpt = excerpt(&log, "lost 3", &Explanation::Cause(broken("AE1", 2.0)));
        assert_eq!(excerpt.title, "its log near these events");
        let numbers = numbers(&excerpt);
        assert!(numbers.iter().all(|number| (140..220).contains(number)), "{numbers:?}");
        assert!(numbers.contains(&173) && numbers.contains(&200) && numbers.is_sorted(), "{numbers:?}");
        assert!(numbers.iter().all(|number| number % 3 == 2), "lines of server 2: {numbers:?}");
        assert!(excerpt.lines.contains(&LogExcerpt::GAP) && excerpt.lines.len() <= 2 * LINES, "{excerpt:?}");
    }

    #[test]
    fn lines_near_an_operation_without_a_place_are_shown() {
        let log = log(1000);
        let message = "expected the operations on key x to be linearizable: each takes effect at one moment \
                       between its call and its return; saw an answer that no order explains:\n    client 1, \
                       5.006 s to 5.207 s: Get(x) -> \"a\", version 1\n";
        let excerpt = excerpt(&log, message, &Explanation::Before(broken("AE1", 2.0)));
        assert_eq!(excerpt.title, "its log near the answer that no order explains");
        let numbers = numbers(&excerpt);
        assert!(numbers.contains(&500) && numbers.contains(&520), "{numbers:?}");
        assert!(numbers.iter().all(|number| (480..540).contains(number)), "{numbers:?}");
        // An operation that never returned has one time.
        assert_eq!(operation("x\n    client 3, 1.204 s on, without a return: Get(x)").len(), 1);
    }

    #[test]
    fn the_end_is_shown_otherwise() {
        let log = log(100);
        for explanation in [
            Explanation::Missing,
            Explanation::NoRule { unseen: Vec::new() },
            Explanation::Before(broken("AE1", 2.0)),
        ] {
            let excerpt = excerpt(&log, "lost 3", &explanation);
            assert_eq!(excerpt.title, "the end of its log");
            assert_eq!(numbers(&excerpt), Vec::from_iter(85..100));
        }
        // The log begins after the events.
        let late = excerpt(&log[80..], "lost 3", &Explanation::Cause(broken("AE1", 0.5)));
        assert_eq!((late.title, numbers(&late)), ("the end of its log", Vec::from_iter(85..100)));
        // There is nothing to be near to.
        let empty = excerpt(&[], "lost 3", &Explanation::Cause(broken("AE1", 2.0)));
        assert_eq!((empty.title, empty.lines.len()), ("the end of its log", 0));
    }
}

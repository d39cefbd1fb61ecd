//! The lines of the log that a page shows: those of the solution and of the test. The network's lines are
//! left out, because the events tell the same.

use serde_json::{Value as Json, json};

/// A page shows so many lines at most.
const MAX_LINES: usize = 20_000;

/// A line is shown up to so many characters.
const MAX_CHARACTERS: usize = 500;

/// The lines between `from_ns` and `to_ns`, each as `[time in ns, node/thread, level, text]`.
pub(crate) fn shown(log: &[String], from_ns: u64, to_ns: u64) -> Vec<Json> {
    let lines = log
        .iter()
        .filter_map(|line| parse(line))
        .filter(|line| (from_ns..=to_ns).contains(&line.ns) && !is_of_the_network(line.text));
    lines
        .take(MAX_LINES)
        .map(|Line { ns, level, thread, text }| {
            let text: String = text.chars().take(MAX_CHARACTERS).collect();
            json!([ns, thread, level, text])
        })
        .collect()
}

struct Line<'a> {
    ns: u64,
    level: &'a str,
    thread: &'a str,
    text: &'a str,
}

/// The parts of a line such as `   0.358277 DEBUG server 0/timer         stands for election in term 1`.
fn parse(line: &str) -> Option<Line<'_>> {
    let (time, rest) = line.trim_start().split_once(' ')?;
    let seconds: f64 = time.parse().ok()?;
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let rest = rest.trim_start();
    // A node's name may have spaces: the thread follows the slash.
    let slash = rest.find('/')?;
    let end = rest[slash..].find(' ').map_or(rest.len(), |space| slash + space);
    let ns = (seconds * 1e9).round();
    // Times of a run are some minutes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let ns = ns as u64;
    Some(Line { ns, level, thread: &rest[..end], text: rest[end..].trim_start() })
}

/// Whether it is a line such as `request_vote #1 -> server-2: request (4 bytes) arrives in 34.427µs`.
fn is_of_the_network(text: &str) -> bool {
    let mut words = text.split(' ');
    let (_method, call, arrow) = (words.next(), words.next(), words.next());
    call.and_then(|call| call.strip_prefix('#')).is_some_and(|number| number.parse::<u64>().is_ok())
        && arrow == Some("->")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_solution_and_the_test_are_shown() {
        let log = [
            "   0.000001 INFO  tester/main            connect server 0",
            "   0.358277 DEBUG server 0/timer         stands for election in term 1",
            "   0.358277 INFO  server 0/request_vote  request_vote #1 -> server-2: request (4 bytes) arrives",
            "   9.000000 INFO  server 1/main          later",
            "no line",
        ]
        .map(str::to_owned);
        let shown = shown(&log, 0, 1_000_000_000);
        assert_eq!(
            shown,
            [
                json!([1000, "tester/main", "INFO", "connect server 0"]),
                json!([358_277_000, "server 0/timer", "DEBUG", "stands for election in term 1"]),
            ]
        );
    }
}

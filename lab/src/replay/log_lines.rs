//! [`LineFilter`]: the lines of a log to show.
//!
//! A line has the form of [`labrt::world::LogLine`]: virtual time in seconds, level, `node/thread`, text.

use log::Level;
use tester::Case;

use crate::args::ReplayArgs;
use crate::error::CommandError;

/// The lines of a log to show: those that meet all conditions.
#[derive(Debug, Default)]
pub(super) struct LineFilter {
    server: Option<u32>,
    since_seconds: Option<f64>,
    until_seconds: Option<f64>,
    text: Option<String>,
    level: Option<Level>,
}

impl LineFilter {
    /// The filter of the arguments.
    ///
    /// # Errors
    ///
    /// No line of a run of `case` can match.
    pub(super) fn of(args: &ReplayArgs, case: &Case) -> Result<Self, CommandError> {
        if let Some(server) = args.server.filter(|&server| server as usize >= case.servers) {
            let last = case.servers - 1;
            return Err(CommandError::new(format!(
                "--server {server}: there is none in {}; give 0 to {last}",
                case.name
            )));
        }
        if let (Some(since), Some(until)) = (args.since, args.until)
            && since > until
        {
            let (since, until) = (since.as_secs_f64(), until.as_secs_f64());
            return Err(CommandError::new(format!(
                "--since {since} is after --until {until}; give --until {since} or more, or --since \
                 {until} or less"
            )));
        }
        Ok(Self {
            server: args.server,
            since_seconds: args.since.map(|time| time.as_secs_f64()),
            until_seconds: args.until.map(|time| time.as_secs_f64()),
            text: args.grep.clone(),
            level: args.level,
        })
    }

    /// Whether to show a line. For one without a stamp, the text alone decides.
    pub(super) fn passes(&self, line: &str) -> bool {
        let text = self.text.as_ref().is_none_or(|text| line.contains(text));
        text && Stamp::of(line).is_none_or(|stamp| self.stamp_passes(&stamp))
    }

    fn stamp_passes(&self, stamp: &Stamp<'_>) -> bool {
        self.server.is_none_or(|server| stamp.is_of(server))
            && self.since_seconds.is_none_or(|since| stamp.seconds >= since)
            && self.until_seconds.is_none_or(|until| stamp.seconds <= until)
            && self.level.is_none_or(|level| stamp.level <= level)
    }
}

/// The beginning of a line.
#[derive(Debug, PartialEq)]
struct Stamp<'a> {
    seconds: f64,
    level: Level,
    /// The rest of the line, which begins with the node.
    rest: &'a str,
}

impl<'a> Stamp<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (seconds, rest) = line.trim_start().split_once(' ')?;
        let (level, rest) = rest.trim_start().split_once(' ')?;
        Some(Self { seconds: seconds.parse().ok()?, level: level.parse().ok()?, rest: rest.trim_start() })
    }

    /// Whether the line is of that server.
    fn is_of(&self, server: u32) -> bool {
        let after = self.rest.strip_prefix(&format!("server {server}"));
        after.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use labrt::world::LogLine;

    use super::*;

    fn line(at_ms: u64, node: &str, level: Level, text: &str) -> String {
        LogLine {
            at: Duration::from_millis(at_ms),
            node: node.to_owned(),
            thread: if node.is_empty() { String::new() } else { "ticker".to_owned() },
            level,
            target: "raft".to_owned(),
            text: text.to_owned(),
            cause: 0,
            after: 0,
        }
        .to_string()
    }

    fn log() -> Vec<String> {
        vec![
            line(500, "tester", Level::Info, "begin"),
            line(1_000, "server 1", Level::Debug, "election"),
            line(1_500, "server 11", Level::Warn, "election"),
            line(2_000, "", Level::Trace, "lost a message of server 1"),
        ]
    }

    fn passing(filter: &LineFilter) -> Vec<usize> {
        log().iter().enumerate().filter(|(_, line)| filter.passes(line)).map(|(number, _)| number).collect()
    }

    #[test]
    fn without_conditions_all_lines_pass() {
        assert_eq!(passing(&LineFilter::default()), [0, 1, 2, 3]);
    }

    #[test]
    fn each_condition_leaves_lines_out() {
        assert_eq!(passing(&LineFilter { server: Some(1), ..Default::default() }), [1]);
        assert_eq!(passing(&LineFilter { since_seconds: Some(1.5), ..Default::default() }), [2, 3]);
        assert_eq!(passing(&LineFilter { until_seconds: Some(1.0), ..Default::default() }), [0, 1]);
        assert_eq!(passing(&LineFilter { text: Some("elect".to_owned()), ..Default::default() }), [1, 2]);
        assert_eq!(passing(&LineFilter { level: Some(Level::Info), ..Default::default() }), [0, 2]);
        let both =
            LineFilter { text: Some("elect".to_owned()), level: Some(Level::Info), ..Default::default() };
        assert_eq!(passing(&both), [2]);
    }

    #[test]
    fn a_line_without_a_stamp_is_judged_by_its_text() {
        let filter = LineFilter { server: Some(1), text: Some("left".to_owned()), ..Default::default() };
        assert!(filter.passes("the part that is left of a message"));
        assert!(!filter.passes("something else"));
    }
}

//! [`log_end()`]: the lines of a failed run's log that are shown with the failure.

/// The number of last lines that are always shown.
const LINES: usize = 15;
/// The number of lines that are shown of the server that the failure names, if there are so many.
const LINES_OF_SERVER: usize = 5;

/// The last 15 lines of a failed run's log, and before them as many of the server that the failure
/// names as it takes to have 5 of that server, in order of time.
///
/// The server is the failure's `node`; if that is the tester, the first that its `message` names as
/// `server 2`. If there is none, the last 15 lines are all.
#[must_use]
pub fn log_end<'a>(log: &'a [String], node: &str, message: &str) -> Vec<&'a str> {
    let (earlier, last) = log.split_at(log.len().saturating_sub(LINES));
    let mut lines: Vec<&str> = Vec::new();
    if let Some(server) = server_in(node).or_else(|| server_in(message)) {
        let of_server = |line: &&String| node_of(line).and_then(server_in) == Some(server);
        let missing = LINES_OF_SERVER.saturating_sub(last.iter().filter(of_server).count());
        lines.extend(earlier.iter().rev().filter(of_server).take(missing).map(String::as_str));
        lines.reverse();
    }
    lines.extend(last.iter().map(String::as_str));
    lines
}

/// The first server that `text` names.
fn server_in(text: &str) -> Option<usize> {
    text.split("server ").skip(1).find_map(|after| {
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        after[..end].parse().ok()
    })
}

/// The node of a thread's line, which follows its time and its level.
fn node_of(line: &str) -> Option<&str> {
    let (_time, rest) = line.trim_start().split_once(' ')?;
    let (_level, rest) = rest.trim_start().split_once(' ')?;
    Some(rest.trim_start().split_once('/')?.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use labrt::world::LogLine;

    use super::*;

    /// A log with a line for each millisecond, of the nodes that `node` says.
    fn log(lines: u64, node: impl Fn(u64) -> &'static str) -> Vec<String> {
        let line = |at| LogLine {
            at: Duration::from_millis(at),
            node: node(at).to_owned(),
            thread: "ticker".to_owned(),
            level: "INFO".parse().expect("a level"),
            target: "raft".to_owned(),
            text: format!("line {at}, of server 2/ticker"),
            cause: 0,
            after: 0,
        };
        (0..lines).map(|at| line(at).to_string()).collect()
    }

    /// The numbers of the lines that are shown.
    fn shown(log: &[String], node: &str, message: &str) -> Vec<usize> {
        let number = |line: &str| log.iter().position(|other| other == line).expect("a line of the log");
        log_end(log, node, message).into_iter().map(number).collect()
    }

    #[test]
    fn the_last_lines_are_shown() {
        assert_eq!(
            shown(&log(100, |_| "server 2"), "tester", "expected one leader"),
            Vec::from_iter(85..100)
        );
        assert_eq!(shown(&log(3, |_| "server 2"), "tester", "expected one leader"), [0, 1, 2]);
    }

    #[test]
    fn the_server_that_the_failure_names_is_shown() {
        let early = |at| if at < 50 && at % 10 == 0 { "server 2" } else { "server 12" };
        let with_five = [vec![0, 10, 20, 30, 40], Vec::from_iter(85..100)].concat();
        assert_eq!(shown(&log(100, early), "server 2", "saw server 12"), with_five);
        assert_eq!(
            shown(&log(100, early), "tester", "saw server 2 (incarnation 3) and server 12"),
            with_five
        );
        // Three of its lines are among the last, so two more make five.
        let also_late = |at| if at >= 97 { "server 2" } else { early(at) };
        let with_two = [vec![30, 40], Vec::from_iter(85..100)].concat();
        assert_eq!(shown(&log(100, also_late), "server 2", ""), with_two);
        // A server without lines adds none.
        assert_eq!(shown(&log(100, early), "server 1", ""), Vec::from_iter(85..100));
    }
}

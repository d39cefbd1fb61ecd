//! [`send_all()`]: the lines of a file of events, as a worker sends them.

use std::io;
use std::os::unix::net::UnixStream;

use labrt::world::LogLine;
use serde_json::{Value, json};
use tester::{Recorded, Recording};

use super::event_file::Header;
use super::log_stream::KeptLog;
use super::protocol::{Event, send};

/// Bytes that are sent at a time.
const BYTES_AT_A_TIME: usize = 256 * 1024;

/// What is sent of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Everything, contents abridged.
    Whole,
    /// See [`Recorded::write_outline`].
    Outlines,
}

/// Sends the header, and the events and the lines of the log in the order of time.
pub(super) fn send_all(
    socket: &UnixStream,
    header: &Header,
    recording: &Recording,
    log: &KeptLog,
    form: Form,
) -> io::Result<()> {
    let mut buffer = serde_json::to_string(header)?;
    buffer.push('\n');
    for entry in merged(recording.events(), &log.lines) {
        match entry {
            Entry::Event(event) if form == Form::Outlines => event.write_outline(&mut buffer),
            Entry::Event(event) => buffer += &serde_json::to_string(&event.to_json())?,
            Entry::Line(line) => buffer += &serde_json::to_string(&of_line(line))?,
        }
        buffer.push('\n');
        if buffer.len() > BYTES_AT_A_TIME {
            send(socket, &Event::Recorded(std::mem::take(&mut buffer)))?;
        }
    }
    send(socket, &Event::Recorded(buffer))
}

/// An entry of the file.
enum Entry<'a> {
    Event(&'a Recorded),
    Line(&'a LogLine),
}

/// Events and lines in the order of time. Of those of the same moment, a line follows the last event that its
/// run knew of when it was written.
fn merged<'a>(events: &'a [Recorded], log: &'a [LogLine]) -> impl Iterator<Item = Entry<'a>> {
    let (mut events, mut log) = (events.iter().peekable(), log.iter().peekable());
    std::iter::from_fn(move || {
        let is_before = |event: &Recorded, line: &LogLine| event.number <= line.after || event.at < line.at;
        match (events.peek(), log.peek()) {
            (Some(event), Some(line)) if is_before(event, line) => events.next().map(Entry::Event),
            (_, Some(_)) => log.next().map(Entry::Line),
            (_, None) => events.next().map(Entry::Event),
        }
    })
}

/// A line of the log as a JSON object.
fn of_line(line: &LogLine) -> Value {
    json!({
        "kind": "log",
        "time_ns": u64::try_from(line.at.as_nanos()).unwrap_or(u64::MAX),
        "cause": line.cause,
        "at": if line.node.is_empty() { "network" } else { &line.node },
        "thread": line.thread,
        "level": line.level.as_str(),
        "target": line.target,
        "line": line.to_string(),
    })
}

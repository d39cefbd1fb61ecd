//! [`Transcript`]: the events of a run in one line each, with one line for a call.

mod call;
mod heartbeat;

use log::Level;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value as Json;

use super::compact;
use super::line::{describe, text};
use call::Call;
use heartbeat::Heartbeats;

/// The lines of a run, in the order of time.
///
/// A call is one line, at the time at which its request was sent, with what became of it.
#[derive(Default)]
pub struct Transcript {
    lines: Vec<Line>,
    /// Calls that may not have ended, with the positions of their lines.
    calls: FxHashMap<u64, (usize, Call)>,
    heartbeats: Heartbeats,
    /// The last state that each server is known to have told.
    states: FxHashMap<String, Json>,
    /// What each server told of itself last.
    told: FxHashMap<String, Json>,
    /// The positions of the lines of requests that were handed to servers and not accepted so far, and the
    /// last one of each server.
    not_accepted: FxHashSet<usize>,
    last_submitted: FxHashMap<String, usize>,
    /// Whether any request was accepted: not every test tells.
    accepts: bool,
}

/// A line of a [`Transcript`].
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Virtual nanoseconds since the start of the run.
    pub time_ns: u64,
    /// The number of the first of its events; 0 for a line of the log.
    pub number: u64,
    /// The kind of event.
    pub kind: LineKind,
    /// How important it is.
    pub level: Level,
    /// The parties that it concerns, such as `server 1`: of a message, both ends.
    pub parties: Vec<String>,
    /// Whether it brings nothing new: a heartbeat like the one before, a request that was not accepted, or a
    /// line of the network's log, which says what the messages say.
    pub is_quiet: bool,
    /// The line. A line of the log has time, level and thread in it.
    pub text: String,
    /// The lines of the solution that send, answer or save, as `file:line`.
    pub location: String,
}

/// The kinds of [lines](Line).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A line of the log.
    Log,
    /// A call.
    Message,
    /// A save.
    Save,
    /// A start, crash or pause of a server.
    Server,
    /// A link that is cut or mended, or the network's faults.
    Link,
    /// An operation of a client.
    Operation,
    /// A request that is handed to a server, agreed on, or applied.
    Agreement,
    /// A state that a server tells.
    State,
    /// A violation of an invariant.
    Violation,
}

impl LineKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Log,
        Self::Message,
        Self::Save,
        Self::Server,
        Self::Link,
        Self::Operation,
        Self::Agreement,
        Self::State,
        Self::Violation,
    ];

    /// Its name: `log`, `message`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Message => "message",
            Self::Save => "save",
            Self::Server => "server",
            Self::Link => "link",
            Self::Operation => "operation",
            Self::Agreement => "agreement",
            Self::State => "state",
            Self::Violation => "violation",
        }
    }

    /// The kind of line of a kind of event.
    fn of(event: &str) -> Self {
        match event {
            "log" => Self::Log,
            "message" => Self::Message,
            "saved" => Self::Save,
            "started" | "crashed" | "halted" | "joined" | "left" | "paused" | "resumed" | "clock_rate" => {
                Self::Server
            }
            "link_cut" | "link_mended" | "way_cut" | "way_open" | "faults" => Self::Link,
            "operation_began" | "operation_ended" => Self::Operation,
            "violation" => Self::Violation,
            "submitted" | "executed" | "accepted" | "applied" | "installed" => Self::Agreement,
            _ => Self::State,
        }
    }

    /// The level of a line of this kind.
    fn level(self) -> Level {
        match self {
            Self::Violation => Level::Error,
            Self::Server | Self::Link | Self::Operation => Level::Info,
            _ => Level::Debug,
        }
    }
}

impl Transcript {
    /// Adds the next event, or line of the log, as the file of events has it.
    pub fn add(&mut self, event: &Json) {
        let kind = text(event, "kind");
        let at = text(event, "at");
        match kind {
            "log" => self.log(event),
            "message" => self.message(event),
            // The probe that comes next says the same, or something newer.
            "probed_once" | "applied_in_term" => {}
            "queried" | "probed" => {
                let state = &event["content"];
                if self.states.get(at) != Some(state) {
                    self.states.insert(at.to_owned(), state.clone());
                    self.push(event, describe(event));
                }
            }
            "inspected" => self.inspected(event),
            "submitted" => {
                self.not_accepted.insert(self.lines.len());
                self.last_submitted.insert(at.to_owned(), self.lines.len());
                self.push(event, describe(event));
            }
            "accepted" => {
                self.accepts = true;
                match self.last_submitted.remove(at) {
                    Some(position) => {
                        self.not_accepted.remove(&position);
                        self.lines[position].text = describe(event);
                    }
                    None => self.push(event, describe(event)),
                }
            }
            "crashed" => {
                let meanwhile = self.under_way(at);
                self.states.remove(at);
                self.told.remove(at);
                self.push(event, describe(event) + &meanwhile);
            }
            _ => self.push(event, describe(event)),
        }
    }

    /// The lines. Calls that have not ended are told so.
    #[must_use]
    pub fn finish(mut self) -> Vec<Line> {
        for (position, call) in std::mem::take(&mut self.calls).into_values() {
            self.tell(position, &call);
        }
        if self.accepts {
            for position in self.not_accepted {
                let line = &mut self.lines[position];
                line.text += ", not accepted";
                line.is_quiet = true;
            }
        }
        self.lines
    }

    fn log(&mut self, event: &Json) {
        self.lines.push(Line::of_event(event));
    }

    /// What a server tells of itself: the fields that have changed.
    fn inspected(&mut self, event: &Json) {
        let (at, now) = (text(event, "at"), &event["content"]);
        let before = self.told.insert(at.to_owned(), now.clone()).unwrap_or_default();
        let changed = now.as_object().into_iter().flatten().filter(|(name, value)| before[*name] != **value);
        let changed: Json = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.push(event, format!("{at}: now {}", compact::value(&changed)));
    }

    fn push(&mut self, event: &Json, line: String) {
        self.lines.push(new_line(event, line));
    }

    fn message(&mut self, event: &Json) {
        let number = event["call"].as_u64().unwrap_or_default();
        if text(event, "step") == "request_sent" {
            self.calls.insert(number, (self.lines.len(), Call::new(event)));
            self.push(event, String::new());
            return;
        }
        let Some((position, call)) = self.calls.get_mut(&number) else { return };
        call.add(event);
        if call.is_over() {
            let position = *position;
            if let Some((_, call)) = self.calls.remove(&number) {
                self.tell(position, &call);
            }
        }
    }

    /// Writes the line of a call.
    fn tell(&mut self, position: usize, call: &Call) {
        let line = &mut self.lines[position];
        line.text = call.line();
        line.location = call.location();
        line.is_quiet = self.heartbeats.is_quiet(call);
    }

    /// The calls that a server handles and has not answered.
    fn under_way(&self, at: &str) -> String {
        let mut handled: Vec<_> = self.calls.values().filter(|(_, call)| call.is_handled_by(at)).collect();
        handled.sort_by_key(|(position, _)| *position);
        let names: Vec<String> = handled.iter().map(|(_, call)| call.name()).collect();
        if names.is_empty() { String::new() } else { format!(", handling {}", names.join(", ")) }
    }
}

impl Line {
    /// The line of one event by itself: a step of a message, and not a whole call.
    #[must_use]
    pub fn of_event(event: &Json) -> Self {
        let Some(line) = event["line"].as_str() else { return new_line(event, describe(event)) };
        let line = new_line(event, line.to_owned());
        let level = text(event, "level").parse().unwrap_or(line.level);
        let is_quiet = text(event, "target").split("::").next() == Some("labrpc");
        Self { level, is_quiet, ..line }
    }
}

fn new_line(event: &Json, line: String) -> Line {
    let kind = LineKind::of(text(event, "kind"));
    let mut parties = vec![text(event, "at").to_owned()];
    for end in ["from", "to"] {
        parties.extend(event[end].as_str().filter(|end| *end != text(event, "at")).map(str::to_owned));
    }
    if let Some(peer) = event["peer"].as_u64() {
        let at = text(event, "at");
        let group = at.rsplit_once("server ").map_or("", |(group, _)| group);
        parties.push(format!("{group}server {peer}"));
    }
    Line {
        time_ns: event["time_ns"].as_u64().unwrap_or_default(),
        number: event["number"].as_u64().unwrap_or_default(),
        kind,
        level: if text(event, "kind") == "inspected" { Level::Trace } else { kind.level() },
        parties,
        is_quiet: false,
        text: line,
        location: text(event, "location").to_owned(),
    }
}

/// A time as seconds with microseconds, as the log has it.
#[must_use]
pub fn seconds(time_ns: u64) -> String {
    format!("{:.6}", time_ns as f64 / 1e9)
}

#[cfg(test)]
mod tests;

//! [`Recording`]: the events of a recorded run.

use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use labgob::fragments::Piece;
use labgob::{ChunkedValue, Value};
use labrpc::Step;
use persister::SaveStep;
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::{Event, Group, Incarnation, Kind, Message, Party, RecordedInput, RecordedOutput, Save};

/// The most bytes of contents that are kept of a run. Later events are kept without contents.
const MAX_CONTENTS: usize = 256 << 20;

/// The most events that are kept of a run; they take about 256 MiB in addition. Later ones are only counted.
const MAX_EVENTS: usize = 1_000_000;

/// All events of a run, in order.
///
/// Contents share their common parts: a saved log that has grown by an entry is kept as the pieces of the one
/// before and one more.
#[derive(Debug, Default)]
pub struct Recording {
    events: Vec<Recorded>,
    /// Names of methods, each once.
    names: FxHashSet<Arc<str>>,
    /// Bytes of contents that are kept.
    contents: usize,
    /// Set when the contents exceed [`MAX_CONTENTS`]: no more contents are kept.
    is_full: bool,
    /// Set if contents of messages and saves are not kept, so that those of other events have room.
    is_of_outlines: bool,
    without_contents: u64,
    left_out: u64,
    last: Vec<LastSave>,
    began: Option<Began>,
    ended: Option<Duration>,
}

/// The beginning of a test: servers have been started, and its figures are counted from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Began {
    /// The number of the last event before it.
    pub after: u64,
    /// Virtual time since the start of the run.
    pub at: Duration,
}

/// The last save of a record by a server.
#[derive(Debug)]
struct LastSave {
    who: Incarnation,
    record: Arc<str>,
    content: SavedContent,
}

/// An event that was kept.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its position in the stream, from 1.
    pub number: u64,
    /// Virtual time since the start of the run.
    pub at: Duration,
    /// The number of the event that caused it; 0 if there is none.
    pub cause: u64,
    /// The cluster that it concerns; `None`: all.
    pub group: Option<Group>,
    /// The party at which it happens.
    pub party: Party,
    /// The kind of event, with its details.
    pub kind: RecordedKind,
}

/// The kind of a recorded event; see [`Kind`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RecordedKind {
    /// An event of a server, a link, or the network.
    Described {
        /// The kind's name, such as `crashed` or `link_cut`.
        name: &'static str,
        /// The other server of a link, by its number in the same group.
        peer: Option<usize>,
        /// The event in words: `started`, `link to server 2 cut`.
        text: Box<str>,
    },
    /// A step of a message.
    Message {
        /// The number of the call.
        call: u64,
        /// The step of its request or its reply.
        step: Step,
        /// The caller.
        from: Party,
        /// The server that is called.
        to: Incarnation,
        /// The method called, as `Service.method`.
        method: Arc<str>,
        /// Encoded bytes of the message.
        bytes: usize,
        /// The arguments or the reply.
        content: Option<Value>,
        /// The line of the solution that calls, or the one that names the handler.
        location: Option<&'static Location<'static>>,
    },
    /// A step of a save.
    Saved {
        /// The step.
        step: SaveStep,
        /// The records saved.
        records: Box<[RecordedSave]>,
        /// The line of the solution that saves.
        location: &'static Location<'static>,
    },
    /// The test is about to hand a request to the server.
    Submitted {
        /// Its length in bytes.
        bytes: usize,
        /// The request, as bytes.
        request: Option<Value>,
    },
    /// A service on the server executes the request of this name.
    Executed(Box<str>),
    /// A client's clerk is about to be called.
    OperationBegan {
        /// The operation in words.
        text: Box<str>,
        /// The operation, of a service that is known.
        input: Option<RecordedInput>,
    },
    /// A client's clerk has returned.
    OperationEnded {
        /// The operation's name: `get`, `put`.
        what: Box<str>,
        /// The answer.
        answer: Box<str>,
        /// The answer, of a service that is known.
        output: Option<RecordedOutput>,
    },
    /// An event of one protocol.
    Protocol {
        /// The event's name, such as `applied`.
        name: &'static str,
        /// The event's content.
        value: Option<Value>,
    },
    /// An invariant is violated.
    Violation(Box<str>),
}

/// A record that was saved.
#[derive(Clone, Debug)]
pub struct RecordedSave {
    /// Its name.
    pub name: Arc<str>,
    /// Its length in bytes.
    pub bytes: usize,
    /// The pieces of the record.
    pub content: Option<SavedContent>,
}

/// A request, encoded as bytes and not as a sequence of numbers.
#[derive(Serialize)]
struct Request<'a>(#[serde(with = "labgob::bytes")] &'a [u8]);

/// The pieces of a record that was saved. Bytes of unknown origin are not kept.
#[derive(Clone, Debug, Default)]
pub struct SavedContent {
    /// The pieces, in chunks of [`CHUNK`]; the last chunk may be shorter. Chunks that have not changed since
    /// the save before are shared with it.
    chunks: Arc<[Arc<[KeptPiece]>]>,
}

/// The number of pieces in a shared chunk.
const CHUNK: usize = 64;

/// The size from which a value shares its common parts with the one before it, in bytes.
const LARGE: usize = 4096;

/// A piece of a record.
#[derive(Clone, Debug)]
enum KeptPiece {
    Small(Piece),
    Large(ChunkedValue, Range<usize>),
}

impl KeptPiece {
    /// Keeps a piece, given the one at the same position before. Returns also the bytes that this takes.
    fn new(piece: &Piece, before: Option<&Self>) -> (Self, usize) {
        match piece {
            Piece::Value(value, range) if value.byte_size() > LARGE => {
                let before = before.and_then(|before| match before {
                    Self::Large(kept, _) => Some(kept),
                    Self::Small(_) => None,
                });
                let (kept, bytes) = ChunkedValue::new(value, before);
                (Self::Large(kept, range.clone()), bytes)
            }
            Piece::Value(value, _) => {
                let known = before.is_some_and(|before| before.is(piece));
                (Self::Small(piece.clone()), if known { 0 } else { value.byte_size() })
            }
            Piece::Bytes(_) => (Self::Small(piece.clone()), 0),
        }
    }

    /// Whether it equals `piece`, as far as that is known without comparing large values.
    fn is(&self, piece: &Piece) -> bool {
        matches!(self, Self::Small(kept) if kept == piece)
    }

    fn piece(&self) -> Piece {
        match self {
            Self::Small(piece) => piece.clone(),
            Self::Large(kept, range) => Piece::Value(kept.value(), range.clone()),
        }
    }
}

impl SavedContent {
    /// The pieces, in order and without gaps.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().map(KeptPiece::piece))
    }

    /// The pieces of the next save, and the additional bytes that they take.
    fn next(&self, pieces: &[Piece]) -> (Self, usize) {
        let mut fresh = 0;
        let mut chunks: Vec<Arc<[KeptPiece]>> = Vec::with_capacity(pieces.len().div_ceil(CHUNK));
        for (position, chunk) in pieces.chunks(CHUNK).enumerate() {
            let before = self.chunks.get(position);
            let is_same = |before: &&Arc<[KeptPiece]>| {
                before.len() == chunk.len() && before.iter().zip(chunk).all(|(kept, piece)| kept.is(piece))
            };
            if let Some(same) = before.filter(is_same) {
                chunks.push(Arc::clone(same));
                continue;
            }
            let known = before.map_or(&[][..], |before| before);
            let keep = |(position, piece)| {
                let (kept, bytes) = KeptPiece::new(piece, known.get(position));
                fresh += bytes + size_of::<KeptPiece>();
                kept
            };
            chunks.push(chunk.iter().enumerate().map(keep).collect());
        }
        fresh += chunks.len() * size_of::<Arc<[KeptPiece]>>();
        (Self { chunks: chunks.into() }, fresh)
    }
}

impl Recording {
    /// The events, in order.
    #[must_use]
    pub fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// The number of events that were not kept, because there were too many.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The number of kept events whose contents were not kept, because all contents together were too large.
    #[must_use]
    pub fn without_contents(&self) -> u64 {
        self.without_contents
    }

    /// About how many bytes the contents take.
    #[must_use]
    pub fn content_bytes(&self) -> usize {
        self.contents
    }

    /// The beginning of the test; `None` if the run ended before.
    #[must_use]
    pub fn began(&self) -> Option<Began> {
        self.began
    }

    /// The virtual time of the end of the test, since the start of the run; `None` if it did not end by
    /// itself.
    #[must_use]
    pub fn ended(&self) -> Option<Duration> {
        self.ended
    }

    /// A recording without the contents of messages and saves, of which a solution may have any number.
    pub(super) fn of_outlines() -> Self {
        Self { is_of_outlines: true, ..Self::default() }
    }

    pub(super) fn begin(&mut self, after: u64, at: Duration) {
        self.began = Some(Began { after, at });
    }

    pub(super) fn end(&mut self, at: Duration) {
        self.ended = Some(at);
    }

    pub(super) fn record(&mut self, event: &Event<'_>) {
        if self.events.len() >= MAX_EVENTS {
            self.left_out += 1;
            return;
        }
        let kind = self.kind(event);
        let Event { number, at, cause, group, party, .. } = *event;
        self.events.push(Recorded { number, at, cause, group, party, kind });
    }

    fn kind(&mut self, event: &Event<'_>) -> RecordedKind {
        match event.kind {
            Kind::Message(message) => self.message(message),
            Kind::Saved(save) => self.save(event, save),
            Kind::Submitted { request } => self.submitted(request),
            Kind::Executed { name, .. } => RecordedKind::Executed(name.to_string().into()),
            Kind::OperationBegan { operation, input } => RecordedKind::OperationBegan {
                text: operation.to_string().into(),
                input: RecordedInput::of(input),
            },
            Kind::OperationEnded { what, answer, output, .. } => RecordedKind::OperationEnded {
                what: what.into(),
                answer: answer.to_string().into(),
                output: RecordedOutput::of(output),
            },
            Kind::Protocol(event) => {
                let value = event.value();
                let value = self.has_room(value.byte_size()).then_some(value);
                RecordedKind::Protocol { name: event.name(), value }
            }
            Kind::Violation(message) => RecordedKind::Violation(message.into()),
            kind => described(&kind),
        }
    }

    fn submitted(&mut self, request: &[u8]) -> RecordedKind {
        let value = Value::of(&Request(request)).ok();
        let value = value.filter(|value| self.has_room(value.byte_size()));
        RecordedKind::Submitted { bytes: request.len(), request: value }
    }

    fn message(&mut self, message: &Message<'_>) -> RecordedKind {
        let &Message { call, step, from, to, method, bytes, content, location } = message;
        let content = content.filter(|_| !self.is_of_outlines);
        // The content of a request is counted once, with its sending; its delivery shares it.
        let size = match step {
            Step::RequestSent { .. } | Step::ReplySent => content.map_or(0, Value::byte_size),
            _ => 0,
        };
        let content = content.filter(|_| self.has_room(size)).cloned();
        RecordedKind::Message { call, step, from, to, method: self.name(method), bytes, content, location }
    }

    fn save(&mut self, event: &Event<'_>, save: &Save<'_>) -> RecordedKind {
        let who = event.server().expect("servers save");
        let mut records = Vec::with_capacity(save.records.len());
        for record in save.records {
            let name = self.name(record.name);
            let content = record.content.filter(|_| !self.is_of_outlines);
            let content = content.and_then(|pieces| self.pieces(who, &name, pieces));
            records.push(RecordedSave { name, bytes: record.bytes.len(), content });
        }
        RecordedKind::Saved { step: save.step, records: records.into(), location: save.location }
    }

    /// The pieces of a record. Those that are the same as in the save before are shared with it.
    fn pieces(&mut self, who: Incarnation, record: &Arc<str>, pieces: &[Piece]) -> Option<SavedContent> {
        let position = self.last.iter().position(|last| last.who == who && last.record == *record);
        let before = position.map(|position| self.last[position].content.clone()).unwrap_or_default();
        let (content, fresh) = before.next(pieces);
        if !self.has_room(fresh) {
            return None;
        }
        match position {
            Some(position) => self.last[position].content = content.clone(),
            None => self.last.push(LastSave { who, record: Arc::clone(record), content: content.clone() }),
        }
        Some(content)
    }

    /// Counts so many bytes of contents, if there is room for them. Returns whether there is.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.is_full |= self.contents + bytes > MAX_CONTENTS;
        if self.is_full {
            self.without_contents += 1;
        } else {
            self.contents += bytes;
        }
        !self.is_full
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }
}

/// An event of a server, a link or the network.
fn described(kind: &Kind<'_>) -> RecordedKind {
    let (name, peer, text) = match *kind {
        Kind::Started => ("started", None, "started".into()),
        Kind::CutOff => ("cut_off", None, "cut off: what it saves from now on is lost".into()),
        Kind::Crashed { mid_operation: true } => {
            ("crashed", None, "crashed in the middle of an operation".into())
        }
        Kind::Crashed { mid_operation: false } => ("crashed", None, "crashed".into()),
        Kind::Halted => ("halted", None, "told to stop".into()),
        Kind::Joined => ("joined", None, "joined".into()),
        Kind::Left => ("left", None, "left".into()),
        Kind::Paused => ("paused", None, "paused".into()),
        Kind::Resumed => ("resumed", None, "resumed".into()),
        Kind::ClockRate(rate) => ("clock_rate", None, format!("clock at {rate} ppm")),
        Kind::LinkMended { peer } => ("link_mended", Some(peer), format!("link to server {peer} mended")),
        Kind::LinkCut { peer } => ("link_cut", Some(peer), format!("link to server {peer} cut")),
        Kind::WayCut { peer, cut: true } => {
            ("way_cut", Some(peer), format!("one-way link to server {peer} cut"))
        }
        Kind::WayCut { peer, cut: false } => {
            ("way_open", Some(peer), format!("one-way link to server {peer} open"))
        }
        Kind::Faults(text) => ("faults", None, text.to_owned()),
        Kind::Message(_)
        | Kind::Saved(_)
        | Kind::Submitted { .. }
        | Kind::Executed { .. }
        | Kind::OperationBegan { .. }
        | Kind::OperationEnded { .. }
        | Kind::Protocol(_)
        | Kind::Violation(_) => unreachable!("it is kept in a form of its own"),
    };
    RecordedKind::Described { name, peer, text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_beyond_the_limit_are_counted() {
        let mut recording = Recording::default();
        assert!(recording.has_room(MAX_CONTENTS));
        assert!(!recording.has_room(1));
        // A smaller content must not be kept later, because contents would have gaps.
        assert!(!recording.has_room(0));
        assert_eq!((recording.content_bytes(), recording.without_contents()), (MAX_CONTENTS, 2));
    }
}

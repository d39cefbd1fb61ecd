//! [`Recording`]: the events of a run, kept.

use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use labgob::fragments::Piece;
use labgob::{ChunkedValue, Value};
use labrpc::Step;
use persister::SaveStep;
use rustc_hash::FxHashSet;

use super::{Event, Group, Incarnation, Kind, Message, Party, Save};

/// The bytes of contents that are kept of a run. What comes later is kept without contents.
const MAX_CONTENTS: usize = 256 << 20;

/// The events that are kept of a run, which take about 256 MiB besides. Later ones are counted.
const MAX_EVENTS: usize = 1_000_000;

/// All events of a run, in order.
///
/// Contents share what they have in common: a saved log that has grown by an entry is kept as the pieces of
/// the one before and one more.
#[derive(Debug, Default)]
pub struct Recording {
    events: Vec<Recorded>,
    /// Names of methods, each once.
    names: FxHashSet<Arc<str>>,
    /// Bytes of contents that are kept.
    contents: usize,
    /// Nothing more is kept with contents: they are too large together.
    is_full: bool,
    without_contents: u64,
    left_out: u64,
    last: Vec<LastSave>,
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
    /// The number of the event that led to it; 0 if there is none.
    pub cause: u64,
    /// The cluster that it concerns; `None`: all.
    pub group: Option<Group>,
    /// At whom it happens.
    pub party: Party,
    /// The kind of event, with its details.
    pub kind: RecordedKind,
}

/// The kind of a recorded event; see [`Kind`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RecordedKind {
    /// Something that happens to a server, a link, or the network, in words: `started`, `link to server 2
    /// cut`.
    Described(Box<str>),
    /// A step of a message.
    Message {
        /// The number of the call.
        call: u64,
        /// The step of its request or its reply.
        step: Step,
        /// Who calls.
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
        /// Which step it is.
        step: SaveStep,
        /// The records saved.
        records: Box<[RecordedSave]>,
        /// The line of the solution that saves.
        location: &'static Location<'static>,
    },
    /// The test is about to hand a request of so many bytes to the server.
    Submitted(usize),
    /// A service on the server does a request, which is called so.
    Executed(Box<str>),
    /// A client's clerk is about to be asked something.
    OperationBegan(Box<str>),
    /// A client's clerk has answered.
    OperationEnded {
        /// The operation's name: `get`, `put`.
        what: Box<str>,
        /// The answer.
        answer: Box<str>,
    },
    /// Something that only some protocols know.
    Protocol {
        /// The event's name, such as `applied`.
        name: &'static str,
        /// The event's content.
        value: Option<Value>,
    },
    /// An invariant is broken.
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

/// The pieces of a record that was saved. Bytes of unknown origin are not kept.
#[derive(Clone, Debug, Default)]
pub struct SavedContent {
    /// The pieces, [`CHUNK`] together but for the last ones. Chunks that have not changed since the save
    /// before are the same ones.
    chunks: Arc<[Arc<[KeptPiece]>]>,
}

/// How many pieces are shared together.
const CHUNK: usize = 64;

/// A value of more bytes shares what it has in common with the one before it.
const LARGE: usize = 4096;

/// A piece of a record.
#[derive(Clone, Debug)]
enum KeptPiece {
    Small(Piece),
    Large(ChunkedValue, Range<usize>),
}

impl KeptPiece {
    /// Keeps a piece, beside the one that was there before. Answers also the bytes that this takes.
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

    /// Whether it is the same, as far as that can be told without looking at large values.
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

    /// The pieces of a save that comes after this one, and the bytes that it takes besides.
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

    /// How many events were not kept, because there are too many.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many of the events that are kept had contents that were not, because they are too large together.
    #[must_use]
    pub fn without_contents(&self) -> u64 {
        self.without_contents
    }

    /// About how many bytes the contents take.
    #[must_use]
    pub fn content_bytes(&self) -> usize {
        self.contents
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
            Kind::Submitted { request } => RecordedKind::Submitted(request.len()),
            Kind::Executed { name, .. } => RecordedKind::Executed(name.to_string().into()),
            Kind::OperationBegan { operation } => RecordedKind::OperationBegan(operation.to_string().into()),
            Kind::OperationEnded { what, answer, .. } => {
                RecordedKind::OperationEnded { what: what.into(), answer: answer.to_string().into() }
            }
            Kind::Protocol(event) => {
                let value = event.value();
                let value = self.has_room(value.byte_size()).then_some(value);
                RecordedKind::Protocol { name: event.name(), value }
            }
            Kind::Violation(message) => RecordedKind::Violation(message.into()),
            kind => RecordedKind::Described(describe(&kind).into()),
        }
    }

    fn message(&mut self, message: &Message<'_>) -> RecordedKind {
        let &Message { call, step, from, to, method, bytes, content, location } = message;
        // The content of a request is kept once, with its sending and its delivery alike.
        let size = match step {
            Step::RequestSent { .. } | Step::ReplySent => content.map_or(0, Value::byte_size),
            _ => 0,
        };
        let content = content.filter(|_| self.has_room(size)).cloned();
        RecordedKind::Message { call, step, from, to, method: self.name(method), bytes, content, location }
    }

    fn save(&mut self, event: &Event<'_>, save: &Save<'_>) -> RecordedKind {
        let Some(who) = event.server() else { return RecordedKind::Described("saved".into()) };
        let mut records = Vec::with_capacity(save.records.len());
        for record in save.records {
            let name = self.name(record.name);
            let content = record.content.and_then(|pieces| self.pieces(who, &name, pieces));
            records.push(RecordedSave { name, bytes: record.bytes.len(), content });
        }
        RecordedKind::Saved { step: save.step, records: records.into(), location: save.location }
    }

    /// The pieces of a record, shared with the save before as far as they are the same.
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

    /// Counts so many bytes of contents, if they are kept.
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

/// An event of a server, a link or the network in words.
fn describe(kind: &Kind<'_>) -> String {
    match kind {
        Kind::Started => "started".into(),
        Kind::Crashed { mid_operation: true } => "crashed in the midst of something".into(),
        Kind::Crashed { mid_operation: false } => "crashed".into(),
        Kind::Halted => "told to stop".into(),
        Kind::Joined => "joined".into(),
        Kind::Left => "left".into(),
        Kind::Paused => "paused".into(),
        Kind::Resumed => "resumed".into(),
        Kind::ClockRate(rate) => format!("clock at {rate} ppm"),
        Kind::LinkMended { peer } => format!("link to server {peer} mended"),
        Kind::LinkCut { peer } => format!("link to server {peer} cut"),
        Kind::WayCut { peer, cut: true } => format!("way to server {peer} cut"),
        Kind::WayCut { peer, cut: false } => format!("way to server {peer} open"),
        Kind::Faults(text) => (*text).to_owned(),
        Kind::Message(_)
        | Kind::Saved(_)
        | Kind::Submitted { .. }
        | Kind::Executed { .. }
        | Kind::OperationBegan { .. }
        | Kind::OperationEnded { .. }
        | Kind::Protocol(_)
        | Kind::Violation(_) => unreachable!("it is kept in a form of its own"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_that_are_too_large_together_are_counted() {
        let mut recording = Recording::default();
        assert!(recording.has_room(MAX_CONTENTS));
        assert!(!recording.has_room(1));
        // Nothing that is smaller slips in later, for what is kept would have gaps.
        assert!(!recording.has_room(0));
        assert_eq!((recording.content_bytes(), recording.without_contents()), (MAX_CONTENTS, 2));
    }
}

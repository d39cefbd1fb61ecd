//! [`Outline`]: a step of a message or a save as JSON, without contents. Most events are steps, so this is
//! written without a tree of values. [`whole_texts`]: an operation whose texts are not abridged.

use serde::Serialize;
use serde_json::Value as Json;

use super::{Recorded, RecordedKind, name, operation, save_step_name, step_name};
use crate::event::{Party, RecordedInput, RecordedOutput};

/// A step of a message or a save. The fields are those of the whole object.
#[derive(Serialize)]
pub(super) struct Outline {
    number: u64,
    time_ns: u64,
    cause: u64,
    at: String,
    #[serde(flatten)]
    server: Option<OfAServer>,
    kind: &'static str,
    step: &'static str,
    #[serde(flatten)]
    message: Option<OfAMessage>,
}

#[derive(Serialize)]
struct OfAServer {
    group: &'static str,
    server: usize,
    incarnation: u32,
}

#[derive(Serialize)]
struct OfAMessage {
    call: u64,
    from: String,
    to: String,
    bytes: usize,
}

/// The outline of an event; `None` if it is neither.
pub(super) fn of(event: &Recorded) -> Option<Outline> {
    let (kind, step, message) = match &event.kind {
        RecordedKind::Message { call, step, from, to, bytes, .. } => {
            let message =
                OfAMessage { call: *call, from: name(*from), to: name((*to).into()), bytes: *bytes };
            ("message", step_name(*step), Some(message))
        }
        RecordedKind::Saved { step, .. } => ("saved", save_step_name(*step), None),
        _ => return None,
    };
    let server = match event.party {
        Party::Server(who) => {
            Some(OfAServer { group: who.group.name(), server: who.server, incarnation: who.number })
        }
        Party::Client(_) | Party::Tester => None,
    };
    let time_ns = u64::try_from(event.at.as_nanos()).unwrap_or(u64::MAX);
    let Recorded { number, cause, party, .. } = *event;
    Some(Outline { number, time_ns, cause, at: name(party), server, kind, step, message })
}

/// An operation of the service with appends as JSON, with whole texts; `None` if it is something else.
pub(super) fn whole_texts(kind: &RecordedKind) -> Option<Json> {
    match kind {
        RecordedKind::OperationBegan { text, input: input @ Some(RecordedInput::Text(_)) } => {
            Some(operation::began(text, input.as_ref(), operation::whole))
        }
        RecordedKind::OperationEnded { what, answer, output: output @ Some(RecordedOutput::Text(_)) } => {
            Some(operation::ended(what, answer, output.as_ref(), operation::whole))
        }
        _ => None,
    }
}

impl Outline {
    /// Appends it as JSON.
    pub(super) fn append(&self, to: &mut String) {
        // Texts and numbers can be JSON.
        to.push_str(&serde_json::to_string(self).unwrap_or_default());
    }
}

//! [`Recorded::to_json`]: an event as a JSON object, for other programs.
//!
//! `docs/events.md` describes the objects. Fields may be added; none is renamed.

mod abridged;
mod operation;
mod outline;

use std::panic::Location;

use labgob::fragments::Piece;
use labrpc::Step;
use persister::SaveStep;
use serde_json::{Map, Value as Json, json};

pub(super) use abridged::{Kept, value};

use super::{Party, Recorded, RecordedKind, RecordedSave};

impl Recorded {
    /// The event as a JSON object. In its contents, long sequences and texts are shortened.
    #[must_use]
    pub fn to_json(&self) -> Json {
        self.object(kind(&self.kind))
    }

    /// Appends the event as [`to_json`](Self::to_json) gives it, without what lab code chooses freely: the
    /// contents of messages and of saves, and lines of the source. Texts of the service with appends are
    /// whole: what was appended last is at their ends.
    pub fn write_outline(&self, to: &mut String) {
        match (outline::of(self), outline::whole_texts(&self.kind)) {
            (Some(outline), _) => outline.append(to),
            (None, Some(kind)) => to.push_str(&self.object(kind).to_string()),
            (None, None) => to.push_str(&self.to_json().to_string()),
        }
    }

    /// The object with the fields that all events have, and those of its kind.
    fn object(&self, kind: Json) -> Json {
        let mut object = Map::new();
        object.insert("number".into(), self.number.into());
        object.insert("time_ns".into(), u64::try_from(self.at.as_nanos()).unwrap_or(u64::MAX).into());
        object.insert("cause".into(), self.cause.into());
        object.insert("at".into(), name(self.party).into());
        if let Party::Server(who) = self.party {
            object.insert("group".into(), who.group.name().into());
            object.insert("server".into(), who.server.into());
            object.insert("incarnation".into(), who.number.into());
        }
        let Json::Object(kind) = kind else { unreachable!("it is an object") };
        object.extend(kind);
        Json::Object(object)
    }
}

/// The party without its incarnation.
fn name(party: Party) -> String {
    match party {
        Party::Server(who) => who.group.node_name(who.server),
        other => other.to_string(),
    }
}

fn kind(kind: &RecordedKind) -> Json {
    match kind {
        RecordedKind::Described { name, peer, text } => match peer {
            Some(peer) => json!({ "kind": name, "peer": peer, "text": text }),
            None => json!({ "kind": name, "text": text }),
        },
        RecordedKind::Message { call, step, from, to, method, bytes, content, location } => json!({
            "kind": "message",
            "step": step_name(*step),
            "call": call,
            "from": name(*from),
            "to": name((*to).into()),
            "method": **method,
            "bytes": bytes,
            "content": content.as_ref().map(|content| value(content, Kept::OF_A_MESSAGE)),
            "location": location.map(position),
        }),
        RecordedKind::Saved { step, records, location } => json!({
            "kind": "saved",
            "step": save_step_name(*step),
            "records": records.iter().map(record).collect::<Vec<_>>(),
            "location": position(location),
        }),
        RecordedKind::Submitted { bytes, request } => json!({
            "kind": "submitted",
            "bytes": bytes,
            "request": request.as_ref().map(|request| value(request, Kept::OF_A_MESSAGE)),
        }),
        RecordedKind::Executed(name) => json!({ "kind": "executed", "text": name }),
        RecordedKind::OperationBegan { text, input } => {
            operation::began(text, input.as_ref(), abridged::text)
        }
        RecordedKind::OperationEnded { what, answer, output } => {
            operation::ended(what, answer, output.as_ref(), abridged::text)
        }
        RecordedKind::Protocol { name, value: content } => {
            let content = content.as_ref().map(|content| value(content, Kept::OF_A_MESSAGE));
            json!({ "kind": name, "content": content })
        }
        RecordedKind::Violation(text) => json!({ "kind": "violation", "text": text }),
    }
}

fn save_step_name(step: SaveStep) -> &'static str {
    match step {
        SaveStep::Began => "began",
        SaveStep::TookEffect { .. } => "took_effect",
        SaveStep::Interrupted { took_effect: true } => "interrupted_after_effect",
        SaveStep::Interrupted { took_effect: false } => "interrupted_without_effect",
    }
}

fn step_name(step: Step) -> &'static str {
    match step {
        Step::RequestSent { .. } => "request_sent",
        Step::RequestDuplicated => "request_duplicated",
        Step::RequestDelivered => "request_delivered",
        Step::RequestLost => "request_lost",
        Step::ReplySent => "reply_sent",
        Step::ReplyDelivered => "reply_delivered",
        Step::ReplyLost => "reply_lost",
        Step::ReplyLate { .. } => "reply_late",
    }
}

fn record(record: &RecordedSave) -> Json {
    let content = record.content.as_ref().map(|content| {
        let values = content.pieces().filter_map(|piece| match piece {
            Piece::Value(value, _) => Some(value),
            Piece::Bytes(_) => None,
        });
        abridged::sequence(&values.collect::<Vec<_>>(), 0, Kept::OF_A_SAVE)
    });
    json!({ "name": *record.name, "bytes": record.bytes, "content": content })
}

/// A line of the solution, as `file:line`.
pub(crate) fn position(location: &Location<'_>) -> String {
    format!("{}:{}", labrt::world::in_workspace(location.file()), location.line())
}

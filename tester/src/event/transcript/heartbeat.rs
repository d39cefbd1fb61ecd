//! [`Heartbeats`]: which calls are heartbeats that bring nothing new.

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use super::call::Call;
use crate::event::compact::Field;

/// The last heartbeat of each server to each other, with the answer that came.
#[derive(Default)]
pub(super) struct Heartbeats(FxHashMap<(String, String), (Json, Option<Json>)>);

impl Heartbeats {
    /// Whether a call that has ended is a heartbeat with the arguments and the answer of the one before, or
    /// lost as that was.
    pub(super) fn is_quiet(&mut self, call: &Call) -> bool {
        let (method, arguments) = call.asks();
        if !is_heartbeat(method, arguments) {
            return false;
        }
        let ends = (call.from().to_owned(), call.to().to_owned());
        let answer = call.answer();
        let is_refused = answer.is_some_and(is_refusal);
        let now = (arguments.clone(), answer.cloned());
        let is_same = self.0.get(&ends) == Some(&now);
        self.0.insert(ends, now);
        is_same && !is_refused
    }
}

/// Whether it is an AppendEntries without entries, or is called a heartbeat.
fn is_heartbeat(method: &str, arguments: &Json) -> bool {
    let is_empty = |value: &Json| match value {
        Json::Array(entries) => entries.is_empty(),
        // Of an empty sequence of bytes.
        Json::String(bytes) => bytes.is_empty(),
        _ => false,
    };
    let mut fields = arguments.as_object().into_iter().flatten();
    let has_no_entries =
        fields.any(|(name, value)| Field::of(name) == Some(Field::Entries) && is_empty(value));
    let method = method.to_lowercase();
    has_no_entries || method.contains("heartbeat") || method.ends_with("ping")
}

fn is_refusal(answer: &Json) -> bool {
    let mut fields = answer.as_object().into_iter().flatten();
    fields.any(|(name, value)| Field::of(name) == Some(Field::Success) && value == false)
}

//! [`Shapes`]: what happens in a run, without times, numbers and names, for the comparison of two runs.
//!
//! Two runs of different seeds differ from their first event on. What is worth a look is an event of which
//! the other run has no like: the first reply, say, that accepts a request of an older term.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::meaning::{self, Meaning};

/// The shapes of the events of a run.
#[derive(Debug, Default)]
pub struct Shapes(HashSet<String>);

impl Shapes {
    /// The shapes of these events.
    pub fn of(events: impl Iterator<Item = Json>) -> Self {
        let mut state = State::default();
        Self(events.map(|event| state.shape(&event)).collect())
    }

    /// The number of the first of these events whose shape is not among them; `None` if there is none.
    pub fn first_unlike(&self, mut events: impl Iterator<Item = Json>) -> Option<u64> {
        let mut state = State::default();
        let unlike = events.find(|event| !self.0.contains(&state.shape(event)))?;
        unlike.get("number").and_then(Json::as_u64)
    }
}

/// What is known of the servers when an event happens.
#[derive(Debug, Default)]
struct State {
    /// The newest term that each server has told.
    terms: HashMap<String, u64>,
    /// The last index that each server has applied.
    applied: HashMap<String, u64>,
    requests: HashMap<u64, Meaning>,
}

impl State {
    fn shape(&mut self, event: &Json) -> String {
        let text = |key: &str| event.get(key).and_then(Json::as_str).unwrap_or_default();
        let (kind, step, at) = (text("kind"), text("step"), text("at"));
        let mut shape = format!("{kind} {step} {}", text("method"));
        let content = event.get("content").unwrap_or(&Json::Null);
        match kind {
            "message" => self.message(event, content, at, &mut shape),
            "applied" => {
                let index = content.get("index").and_then(Json::as_u64).unwrap_or(0);
                let last = self.applied.insert(at.to_owned(), index).unwrap_or(0);
                shape.push_str(relation(index, last + 1));
            }
            "started" | "crashed" => {
                self.applied.remove(at);
            }
            _ => outline(content, 0, &mut shape),
        }
        shape
    }

    fn message(&mut self, event: &Json, content: &Json, at: &str, shape: &mut String) {
        let call = event.get("call").and_then(Json::as_u64).unwrap_or(0);
        let step = event.get("step").and_then(Json::as_str).unwrap_or_default();
        let is_reply = step.starts_with("reply");
        let asked = self.requests.get(&call);
        let meaning = match is_reply {
            true => meaning::of_reply(content, asked.and_then(|asked| asked.call)),
            false => meaning::of_request(content),
        };
        let Some(meaning) = meaning else { return outline(content, 0, shape) };
        // What the message says is older or newer than what the server knows, or than what it was asked.
        let own = self.terms.entry(at.to_owned()).or_insert(0);
        if let Some(term) = meaning.term {
            shape.push_str(relation(term, *own));
            if let Some(asked) = asked.and_then(|asked| asked.term).filter(|_| is_reply) {
                shape.push_str(relation(asked, term));
            }
            if step.ends_with("sent") || step == "request_delivered" {
                *own = term.max(*own);
            }
        }
        let entries = meaning.entries.as_ref().map(|entries| !entries.is_empty());
        let _ = write!(shape, " {:?} {entries:?} {:?}", meaning.call, meaning.accepted);
        if !is_reply {
            self.requests.insert(call, meaning);
        }
    }
}

fn relation(one: u64, other: u64) -> &'static str {
    match one.cmp(&other) {
        std::cmp::Ordering::Less => " <",
        std::cmp::Ordering::Equal => " =",
        std::cmp::Ordering::Greater => " >",
    }
}

/// The names of fields and variants, and the truth values of a content.
fn outline(content: &Json, depth: usize, shape: &mut String) {
    match content {
        Json::Object(map) if depth < 3 => {
            for (key, value) in map {
                shape.push(' ');
                shape.push_str(key);
                outline(value, depth + 1, shape);
            }
        }
        Json::Bool(truth) => shape.push_str(if *truth { "+" } else { "-" }),
        Json::Array(list) => shape.push_str(if list.is_empty() { "[]" } else { "[…]" }),
        Json::Null => shape.push('0'),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An AppendEntries of `term` to server 2, and its answer.
    fn call(number: u64, term: u64, success: bool, own: u64) -> [Json; 2] {
        let message = |number: u64, step: &str, content: Json| {
            json!({ "kind": "message", "number": number, "step": step, "call": number / 2, "at": "server 2",
                    "method": "Raft.append_entries", "content": content })
        };
        let arguments = json!({ "term": term, "prev_log_index": 0, "prev_log_term": 0, "entries": [1] });
        [
            message(number, "request_delivered", arguments),
            message(number + 1, "reply_sent", json!({ "term": own, "success": success })),
        ]
    }

    #[test]
    fn the_first_event_of_a_new_shape_is_found() {
        let run = |last: [Json; 2]| [call(2, 1, true, 1), call(4, 3, true, 3), last].into_iter().flatten();
        let refuses = run(call(6, 2, false, 3));
        let accepts = || run(call(8, 2, true, 3));
        let shapes = Shapes::of(refuses);
        assert_eq!(shapes.first_unlike(accepts()), Some(9), "it accepts what is older than its term");
        assert_eq!(Shapes::of(accepts()).first_unlike(accepts()), None);
    }

    #[test]
    fn numbers_and_names_make_no_difference() {
        let applied = |number: u64, at: &str, index: u64| {
            let content = json!({ "index": index, "command": number });
            json!({ "kind": "applied", "number": number, "at": at, "content": content })
        };
        let run = [applied(1, "server 0", 1), applied(2, "server 0", 2)];
        let like = [applied(5, "server 3", 1), applied(9, "server 3", 2), applied(11, "server 3", 3)];
        let twice = [applied(5, "server 3", 1), applied(9, "server 3", 1)];
        let shapes = Shapes::of(run.into_iter());
        assert_eq!(shapes.first_unlike(like.into_iter()), None);
        assert_eq!(shapes.first_unlike(twice.into_iter()), Some(9));
    }
}

//! [`message()`]: the content of a message in one compact line.
//!
//! Fields of Raft's messages are recognised by their names, in the spellings that are usual, and are
//! shortened: `{term 1, prev 16@1, entries [17@1], commit 16}`. Everything else is shown as the value that it
//! is.

mod field;
mod value;

use labgob::Value;
use serde_json::{Map, Value as Json};

pub use field::Field;
use value::shortened;
pub use value::value;

/// The most entries of a log that are listed one by one.
const ENTRIES_LISTED: usize = 3;

/// The most characters of a content.
const LONGEST: usize = 160;

/// The arguments of a call of `method`, or the reply to it, in one compact line: `{term 1, prev 16@1,
/// entries [17@1], commit 16}`, `{term 2, success}`.
///
/// `17@1` is the entry at index 17, which is of term 1. Fields are recognised by name. Fields that say who
/// calls are left out, and so are fields without a value. Values that are not of Raft are shown as
/// themselves, shortened.
#[must_use]
pub fn message(method: &str, content: &Value, is_reply: bool) -> String {
    json_message(method, &super::json::value(content, super::json::Kept::OF_A_MESSAGE), is_reply, None)
}

/// As [`message`], for content as JSON, as [`Recorded::to_json`](super::Recorded::to_json) gives it. A field
/// that says who calls is shown if it does not name the server `from`.
#[must_use]
pub fn json_message(method: &str, content: &Json, is_reply: bool, from: Option<u64>) -> String {
    let text = match content {
        Json::Object(fields) => object(fields, from),
        Json::Null if is_reply => "()".to_owned(),
        // A reply whose type has no fields, such as `Ack`.
        Json::String(name) if is_reply && field::is_name(name) && name != method_name(method) => name.clone(),
        other => value(other),
    };
    shortened(text, LONGEST)
}

/// The method without its service: `append_entries` of `Raft.append_entries`.
#[must_use]
pub fn method_name(method: &str) -> &str {
    method.rsplit_once('.').map_or(method, |(_, name)| name)
}

/// The values that were saved as one record, in one line.
#[must_use]
pub fn saved(values: &[Json]) -> String {
    // A log whose entries were encoded one by one.
    let logged = values.iter().take_while(|value| is_entry(value) || is_more(value)).count();
    let (log, rest) = values.split_at(logged);
    let mut parts = Vec::new();
    if !log.is_empty() {
        parts.extend(entries(log, None).map(|log| format!("log {log}")));
    }
    parts.extend(rest.iter().map(value));
    shortened(parts.join(" "), LONGEST)
}

/// Entries of a log in one line, given the index of the first if that is known: `[17@1, 18@1]`, `[17@1 …
/// 40@3]`. `None` if they are no entries: not all have a term.
#[must_use]
pub fn entries(entries: &[Json], first: Option<u64>) -> Option<String> {
    let mut named: Vec<String> = Vec::new();
    let mut position = 0;
    for entry in entries {
        if let Some(left_out) = left_out(entry) {
            position += left_out;
            continue;
        }
        let index = number(entry, Field::Index).or(first.map(|first| first + position));
        named.push(format!("{}@{}", index.map(|it| it.to_string()).unwrap_or_default(), term_of(entry)?));
        position += 1;
    }
    Some(match &named[..] {
        few if few.len() <= ENTRIES_LISTED => format!("[{}]", few.join(", ")),
        [first, .., last] if first.starts_with('@') => format!("[{position}: {first} … {last}]"),
        [first, .., last] => format!("[{first} … {last}]"),
        _ => unreachable!("few entries are listed"),
    })
}

/// The number of elements that are left out here, in a sequence that was shortened.
fn left_out(element: &Json) -> Option<u64> {
    element.as_str()?.strip_prefix("… ")?.strip_suffix(" more")?.parse().ok()
}

fn is_more(element: &Json) -> bool {
    left_out(element).is_some()
}

/// Whether a value is an entry of a log, and not a state with a term.
fn is_entry(value: &Json) -> bool {
    let is_of_state = |name: &String| matches!(Field::of(name), Some(Field::VotedFor | Field::Entries));
    term_of(value).is_some() && !value.as_object().is_some_and(|fields| fields.keys().any(is_of_state))
}

/// The term of an entry of a log.
fn term_of(entry: &Json) -> Option<u64> {
    number(entry, Field::Term)
}

/// The value of a field of an object, if it has it as a number.
fn number(object: &Json, field: Field) -> Option<u64> {
    object.as_object()?.iter().find(|(name, _)| Field::of(name) == Some(field))?.1.as_u64()
}

/// An object. The fields of Raft come first, in the order of Figure 2.
fn object(fields: &Map<String, Json>, from: Option<u64>) -> String {
    let get = |field| fields.iter().find(|(name, _)| Field::of(name) == Some(field)).map(|(_, value)| value);
    let number = |field| get(field).and_then(Json::as_u64);
    let flag = |field| get(field).and_then(Json::as_bool);
    let mut known: Vec<Field> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    if let Some(term) = number(Field::Term) {
        known.push(Field::Term);
        parts.push(format!("term {term}"));
    }
    for (index, term, name) in [
        (Field::BaseIndex, Field::BaseTerm, "snapshot"),
        (Field::PrevIndex, Field::PrevTerm, "prev"),
        (Field::LastIndex, Field::LastTerm, "last"),
    ] {
        if let (Some(at), Some(of)) = (number(index), number(term)) {
            known.extend([index, term]);
            parts.push(format!("{name} {at}@{of}"));
        }
    }
    let first = number(Field::PrevIndex).map(|prev| prev + 1);
    if let Some(log) = get(Field::Entries).and_then(Json::as_array).and_then(|log| entries(log, first)) {
        known.push(Field::Entries);
        parts.push(format!("entries {log}"));
    }
    if let Some(commit) = number(Field::Commit) {
        known.push(Field::Commit);
        parts.push(format!("commit {commit}"));
    }
    for (field, yes) in [(Field::Success, "success"), (Field::Granted, "granted")] {
        if let Some(is_so) = flag(field) {
            known.push(field);
            parts.push(if is_so { yes } else { "refused" }.to_owned());
        }
    }
    if known.is_empty() {
        return value::fields(fields);
    }
    if let Some(vote) = get(Field::VotedFor) {
        known.push(Field::VotedFor);
        parts.push(vote.as_u64().map_or("no vote".to_owned(), |vote| format!("voted for {vote}")));
    }
    for (name, value) in fields {
        let field = Field::of(name);
        let is_caller = field == Some(Field::Caller) && from.is_none_or(|from| value.as_u64() == Some(from));
        if value.is_null() || is_caller || field.is_some_and(|field| known.contains(&field)) {
            continue;
        }
        parts.push(match (field, value) {
            (Some(Field::Data), Json::String(data)) => format!("{name} of {} bytes", value::bytes_of(data)),
            (_, Json::String(variant)) if field::is_name(variant) => format!("{name} {variant}"),
            _ => format!("{name} {}", self::value(value)),
        });
    }
    format!("{{{}}}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn shows(method: &str, content: Json, line: &str) {
        let is_reply = !line.contains("prev");
        assert_eq!(json_message(method, &content, is_reply, Some(1)), line);
    }

    #[test]
    fn the_messages_of_figure_2_are_short() {
        let entry = |term| json!({ "term": term, "command": "a" });
        let append = |entries: Vec<Json>| {
            json!({ "term": 1, "leader_id": 1, "prev_log_index": 16, "prev_log_term": 1, "entries": entries,
                    "leader_commit": 16 })
        };
        let method = "Raft.append_entries";
        shows(method, append(vec![]), "{term 1, prev 16@1, entries [], commit 16}");
        shows(method, append(vec![entry(1)]), "{term 1, prev 16@1, entries [17@1], commit 16}");
        let few = append(vec![entry(1), entry(1), entry(2)]);
        shows(method, few, "{term 1, prev 16@1, entries [17@1, 18@1, 19@2], commit 16}");
        let many = append((0..24).map(|number| entry(1 + number / 10)).collect());
        shows(method, many, "{term 1, prev 16@1, entries [17@1 … 40@3], commit 16}");
        shows(method, json!({ "term": 2, "success": true, "conflict": null }), "{term 2, success}");
        let conflict = json!({ "term": 2, "success": false, "conflict": { "index": 3, "term": 1 } });
        shows(method, conflict, "{term 2, refused, conflict {term 1, index 3}}");
        shows(
            "Raft.request_vote",
            json!({ "term": 2, "candidate_id": 1, "last_log_index": 4, "last_log_term": 1 }),
            "{term 2, last 4@1}",
        );
        shows("Raft.request_vote", json!({ "term": 2, "vote_granted": true }), "{term 2, granted}");
        shows("Raft.request_vote", json!({ "term": 2, "vote_granted": false }), "{term 2, refused}");
        shows(
            "Raft.install_snapshot",
            json!({ "term": 2, "last_included_index": 9, "last_included_term": 1, "data": "00ff00" }),
            "{term 2, snapshot 9@1, data of 3 bytes}",
        );
    }

    #[test]
    fn usual_spellings_are_recognised() {
        let go = json!({ "Term": 1, "LeaderId": 1, "PrevLogIndex": 2, "PrevLogTerm": 1,
                         "Entries": [{ "Term": 1, "Command": 7 }], "LeaderCommit": 2 });
        shows("Raft.AppendEntries", go, "{term 1, prev 2@1, entries [3@1], commit 2}");
        let camel =
            json!({ "currentTerm": 1, "prevIndex": 2, "prevTerm": 1, "logEntries": [], "commitIndex": 2 });
        shows("Raft.append", camel, "{term 1, prev 2@1, entries [], commit 2}");
        shows("Raft.vote", json!({ "current_term": 3, "granted": true }), "{term 3, granted}");
    }

    #[test]
    fn an_entry_with_an_index_of_its_own_keeps_it() {
        let own = json!({ "term": 1, "entries": [{ "index": 5, "term": 1 }, { "index": 6, "term": 1 }] });
        shows("Raft.append", own, "{term 1, entries [5@1, 6@1]}");
        let unknown =
            json!({ "term": 1, "entries": (0..5).map(|_| json!({ "term": 1 })).collect::<Vec<_>>() });
        shows("Raft.append", unknown, "{term 1, entries [5: @1 … @1]}");
    }

    #[test]
    fn a_shortened_log_counts_what_was_left_out() {
        let mut log: Vec<Json> = (0..8).map(|_| json!({ "term": 1 })).collect();
        log.push(json!("… 90 more"));
        log.extend((0..2).map(|_| json!({ "term": 4 })));
        assert_eq!(entries(&log, Some(1)).as_deref(), Some("[1@1 … 100@4]"));
    }

    #[test]
    fn a_caller_that_gives_a_false_name_is_shown() {
        let vote = json!({ "term": 2, "candidate_id": 4, "last_log_index": 0, "last_log_term": 0 });
        let line = json_message("Raft.request_vote", &vote, false, Some(1));
        assert_eq!(line, "{term 2, last 0@0, candidate_id 4}");
    }

    #[test]
    fn other_protocols_are_shown_as_their_values() {
        let put = json!({ "key": "x", "value": "1\n", "version": 3 });
        assert_eq!(json_message("Kv.put", &put, false, None), "{key: \"x\", value: \"1\\n\", version: 3}");
        assert_eq!(json_message("Kv.put", &json!({ "Err": "Version" }), true, None), "Err(\"Version\")");
        assert_eq!(json_message("Kv.get", &Json::Null, true, None), "()");
        assert_eq!(json_message("Bully.election", &json!("Alive"), true, None), "Alive");
        assert_eq!(json_message("Any.sum", &json!([1, 2]), false, None), "[1, 2]");
        let long = json!({ "key": "x".repeat(5000), "list": (0..50).collect::<Vec<_>>() });
        let line = json_message("Any.long", &long, false, None);
        assert!(line.chars().count() <= LONGEST && line.contains("… 42 more"), "{line}");
    }

    #[test]
    fn values_of_the_solution_are_shown_alike() {
        #[derive(Serialize)]
        struct Args {
            term: labapi::Term,
            prev_log_index: labapi::LogIndex,
            prev_log_term: labapi::Term,
            entries: Vec<u8>,
        }
        let args = Args {
            term: labapi::Term(1),
            prev_log_index: labapi::LogIndex(2),
            prev_log_term: labapi::Term(1),
            entries: Vec::new(),
        };
        let content = Value::of(&args).unwrap();
        // An empty sequence may be bytes.
        let line = message("Raft.append_entries", &content, false);
        assert_eq!(line, "{term 1, prev 2@1, entries []}");
    }

    #[test]
    fn what_was_saved_is_a_log_and_the_rest() {
        let entry = json!({ "term": 1, "command": "a" });
        assert_eq!(
            saved(&[entry.clone(), entry.clone(), json!([null, [1, 2, 0, 0]])]),
            "log [@1, @1] [None, [1, 2, 0, 0]]"
        );
        assert_eq!(saved(std::slice::from_ref(&entry)), "log [@1]");
        let state = json!({ "current_term": 3, "voted_for": 1, "log": [entry.clone()] });
        assert_eq!(saved(&[state]), "{term 3, entries [@1], voted for 1}");
        assert_eq!(saved(&[json!({ "current_term": 3, "voted_for": null })]), "{term 3, no vote}");
        assert_eq!(saved(&[json!([3, 1, [entry]])]), "[3, 1, [@1]]");
        assert_eq!(saved(&[]), "");
    }
}

//! [`describe()`]: an event in one line of text.

use serde_json::Value as Json;

use super::compact::{json_message, method_name, saved, value};

/// An event in words, without its time: `append_entries #74 1→2 arrives {term 1, …}`, `server 2: crashed`.
///
/// It is an object as [`Recorded::to_json`](super::Recorded::to_json) gives it. An object of an unknown kind
/// is shown as its name and its content.
#[must_use]
pub fn describe(event: &Json) -> String {
    let kind = text(event, "kind");
    if kind == "message" {
        return step(event);
    }
    let at = text(event, "at");
    let what = match kind {
        "saved" => save(event),
        "started" => match event["incarnation"].as_u64() {
            Some(number) if number > 1 => format!("started, for the time number {number}"),
            _ => "started".to_owned(),
        },
        "submitted" => format!("start of {} bytes", event["bytes"]),
        "executed" => format!("executes {}", text(event, "text")),
        "operation_began" => format!("calls {}", text(event, "text")),
        "operation_ended" => format!("{} returns {}", text(event, "operation"), text(event, "answer")),
        "accepted" => format!("start → {}, accepted", entry(&event["content"])),
        "applied" => applied(&event["content"]),
        "installed" => installed(&event["content"]),
        "queried" | "probed" | "probed_once" => state(&event["content"]),
        "applied_in_term" => {
            let content = &event["content"];
            format!("is in term {}, and has applied up to {}", content["term"], content["applied"])
        }
        "inspected" => format!("tells {}", value(&event["content"])),
        "violation" => format!("violation: {}", text(event, "text")),
        _ => match &event["content"] {
            Json::Null => event["text"].as_str().unwrap_or(kind).to_owned(),
            content => format!("{} {}", kind.replace('_', " "), value(untagged(kind, content))),
        },
    };
    format!("{at}: {what}")
}

/// The content without its variant, if that says again what kind it is.
fn untagged<'a>(kind: &str, content: &'a Json) -> &'a Json {
    let is_kind = |name: &str| name.to_lowercase() == kind.replace('_', "");
    match content.as_object().and_then(|fields| fields.iter().next().filter(|_| fields.len() == 1)) {
        Some((name, inner)) if is_kind(name) => inner,
        _ => content,
    }
}

/// A call as `append_entries #74 1→2`.
pub(super) fn call(event: &Json) -> String {
    let method = method_name(text(event, "method"));
    let (from, to) = (short(text(event, "from")), short(text(event, "to")));
    format!("{method} #{} {from}→{to}", event["call"])
}

/// The content of a message; empty if it has none that is known.
pub(super) fn content(event: &Json, is_reply: bool) -> String {
    let from = number_of(text(event, "from"));
    match &event["content"] {
        Json::Null if !is_reply || event["bytes"] == 0 => String::new(),
        content => json_message(text(event, "method"), content, is_reply, from),
    }
}

/// A step of a message.
fn step(event: &Json) -> String {
    let request = content(event, false);
    let reply = content(event, true);
    let what = match text(event, "step") {
        "request_sent" => request,
        "request_delivered" => format!("arrives {request}"),
        "request_duplicated" => "will arrive twice".to_owned(),
        "request_lost" => "is lost".to_owned(),
        "reply_sent" => format!("is answered {reply}"),
        "reply_delivered" => format!("answer arrives {reply}"),
        "reply_lost" => "answer is lost".to_owned(),
        "reply_late" => format!("answer comes too late {reply}"),
        other => other.replace('_', " "),
    };
    format!("{} {what}", call(event)).trim_end().to_owned()
}

/// A step of a save.
fn save(event: &Json) -> String {
    let all = event["records"].as_array().map_or(&[][..], Vec::as_slice);
    // A snapshot that is empty is saved with each state.
    let records = all.iter().filter(|record| all.len() == 1 || record["bytes"] != 0).map(record);
    let records: Vec<String> = records.collect();
    let records = if records.is_empty() { "what was replaced since".to_owned() } else { records.join(", ") };
    match text(event, "step") {
        "began" => format!("begins to save {records}"),
        "interrupted_after_effect" => format!("the crash ends its save, which took effect: {records}"),
        "interrupted_without_effect" => format!("the crash undoes its save of {records}"),
        _ => format!("saves {records}"),
    }
}

fn record(record: &Json) -> String {
    let content = record["content"].as_array().map(|values| saved(values)).unwrap_or_default();
    format!("{} ({} bytes) {content}", text(record, "name"), record["bytes"]).trim_end().to_owned()
}

/// An entry as `17@1`.
fn entry(content: &Json) -> String {
    format!("{}@{}", content["index"], content["term"])
}

fn applied(content: &Json) -> String {
    match &content["command"] {
        Json::Null => format!("applies {}", content["index"]),
        Json::String(bytes) => format!("applies {} {}", content["index"], command(bytes)),
        other => format!("applies {} {}", content["index"], value(other)),
    }
}

/// A command: the text that it is the encoding of, if it is one.
fn command(bytes: &str) -> String {
    let byte = |at: usize| u8::from_str_radix(bytes.get(at..at + 2)?, 16).ok();
    let decoded: Option<Vec<u8>> = (0..bytes.len()).step_by(2).map(byte).collect();
    let encoded_text = decoded.and_then(|all| match all.split_first() {
        Some((length, text)) if usize::from(*length) == text.len() => String::from_utf8(text.to_owned()).ok(),
        _ => None,
    });
    match encoded_text.filter(|text| !text.is_empty() && text.chars().all(|c| !c.is_control())) {
        Some(text) => value(&text.into()),
        None => value(&bytes.into()),
    }
}

fn installed(content: &Json) -> String {
    let up_to = content["index"].as_u64().map(|index| format!(" up to {index}")).unwrap_or_default();
    format!("installs a snapshot{up_to}, {} bytes", content["bytes"])
}

/// An answer of `get_state`.
fn state(content: &Json) -> String {
    let role = if content["is_leader"] == true { "leads" } else { "does not lead" };
    format!("{role} term {}", content["term"])
}

/// The name of a party within a message: `1` of `server 1`, `client 4` as it is.
fn short(party: &str) -> String {
    match party.strip_prefix("server ") {
        Some(number) => number.to_owned(),
        None => party.to_owned(),
    }
}

/// The number of a server, of its name.
fn number_of(party: &str) -> Option<u64> {
    party.rsplit_once("server ")?.1.parse().ok()
}

/// A field that is a text; empty if there is none.
pub(super) fn text<'a>(event: &'a Json, name: &str) -> &'a str {
    event[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(step: &str, content: Json) -> String {
        describe(&json!({
            "kind": "message", "step": step, "call": 74, "from": "server 1", "to": "server 2", "bytes": 4,
            "method": "Raft.append_entries", "content": content, "at": "server 2",
        }))
    }

    #[test]
    fn every_step_of_a_message_has_its_words() {
        let (request, reply) = (json!({ "term": 1, "entries": [] }), json!({ "term": 2, "success": true }));
        for (step, content, line) in [
            ("request_sent", &request, "append_entries #74 1→2 {term 1, entries []}"),
            ("request_delivered", &request, "append_entries #74 1→2 arrives {term 1, entries []}"),
            ("request_duplicated", &Json::Null, "append_entries #74 1→2 will arrive twice"),
            ("request_lost", &Json::Null, "append_entries #74 1→2 is lost"),
            ("reply_sent", &reply, "append_entries #74 1→2 is answered {term 2, success}"),
            ("reply_delivered", &reply, "append_entries #74 1→2 answer arrives {term 2, success}"),
            ("reply_lost", &Json::Null, "append_entries #74 1→2 answer is lost"),
            ("reply_late", &reply, "append_entries #74 1→2 answer comes too late {term 2, success}"),
        ] {
            assert_eq!(message(step, content.clone()), line);
        }
    }

    #[test]
    fn events_are_told_in_words() {
        for (event, line) in [
            (json!({ "kind": "crashed", "text": "crashed" }), "crashed"),
            (json!({ "kind": "started", "incarnation": 1, "text": "started" }), "started"),
            (json!({ "kind": "started", "incarnation": 3 }), "started, for the time number 3"),
            (json!({ "kind": "submitted", "bytes": 12 }), "start of 12 bytes"),
            (json!({ "kind": "accepted", "content": { "index": 17, "term": 1 } }), "start → 17@1, accepted"),
            (json!({ "kind": "applied", "content": { "index": 17, "command": "a" } }), "applies 17 \"a\""),
            (
                json!({ "kind": "applied", "content": { "index": 2, "command": "023130" } }),
                "applies 2 \"10\"",
            ),
            (json!({ "kind": "applied", "content": { "index": 2, "command": "ff" } }), "applies 2 \"ff\""),
            (
                json!({ "kind": "installed", "content": { "index": 20, "bytes": 9 } }),
                "installs a snapshot up to 20, 9 bytes",
            ),
            (json!({ "kind": "probed", "content": { "term": 4, "is_leader": true } }), "leads term 4"),
            (
                json!({ "kind": "queried", "content": { "term": 4, "is_leader": false } }),
                "does not lead term 4",
            ),
            (
                json!({ "kind": "saved", "step": "took_effect",
                        "records": [{ "name": "raft", "bytes": 5, "content": [[3, null]] }] }),
                "saves raft (5 bytes) [3, None]",
            ),
            (
                json!({ "kind": "saved", "step": "interrupted_without_effect",
                        "records": [{ "name": "raft", "bytes": 5, "content": null }] }),
                "the crash undoes its save of raft (5 bytes)",
            ),
            (json!({ "kind": "operation_began", "text": "Get(x)" }), "calls Get(x)"),
            (
                json!({ "kind": "operation_ended", "operation": "get", "answer": "Some(\"1\")" }),
                "get returns Some(\"1\")",
            ),
            (json!({ "kind": "violation", "text": "two leaders" }), "violation: two leaders"),
            (json!({ "kind": "follows", "content": { "Follows": { "leader": 2 } } }), "follows {leader: 2}"),
            (json!({ "kind": "faults", "text": "network: reliable" }), "network: reliable"),
        ] {
            let mut event = event;
            event["at"] = json!("server 1");
            assert_eq!(describe(&event), format!("server 1: {line}"));
        }
    }

    #[test]
    fn other_clusters_and_clients_keep_their_names() {
        let event = json!({ "kind": "message", "step": "request_lost", "call": 1, "from": "client 2",
                            "to": "g1 server 0", "method": "Kv.get", "content": null });
        assert_eq!(describe(&event), "get #1 client 2→g1 server 0 is lost");
    }
}

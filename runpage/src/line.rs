//! [`text()`]: an event in one line.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use crate::meaning::{Meaning, RaftCall};

/// A line shows at most so many characters of a message's content.
const CONTENT_SHOWN: usize = 160;

/// The event in one line, such as `append_entries #74 1→2 {term 1, prev 16@1, entries [17@1], commit 16}`.
/// `meaning` is that of the message, if it is one.
pub(crate) fn text(event: &Map<String, Json>, meaning: Option<&Meaning>) -> String {
    let get = |key: &str| event.get(key).and_then(Json::as_str).unwrap_or_default();
    let kind = get("kind");
    match kind {
        "message" => message(event, meaning),
        "saved" => saved(event),
        "submitted" => format!("start ({} bytes)", event.get("bytes").and_then(Json::as_u64).unwrap_or(0)),
        "executed" => format!("executes {}", get("text")),
        "operation_began" => get("text").to_owned(),
        "operation_ended" => format!("{} returns {}", get("operation"), get("answer")),
        "violation" => format!("violation: {}", first_line(get("text"))),
        _ if event.contains_key("text") => get("text").to_owned(),
        _ => {
            let content = event.get("content").unwrap_or(&Json::Null);
            protocol(kind, content)
                .unwrap_or_else(|| format!("{} {}", kind.replace('_', " "), short(content)))
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// `start` and `get_state` in the course's words; `None` for other events.
fn protocol(kind: &str, content: &Json) -> Option<String> {
    let number = |key: &str| content.get(key).and_then(Json::as_u64);
    Some(match kind {
        "accepted" => format!("start → index {}, term {}", number("index")?, number("term")?),
        "applied" => {
            let command = content.get("command").map(command).unwrap_or_default();
            format!("applies {}: {command}", number("index")?)
        }
        "installed" => format!("installs the snapshot up to {}", number("index")?),
        "probed" | "queried" | "probed_once" => {
            let leads = if content.get("is_leader")?.as_bool()? { "leader" } else { "no leader" };
            format!("get_state → term {}, {leads}", number("term")?)
        }
        "applied_in_term" => format!("has applied {} in term {}", number("applied")?, number("term")?),
        _ => return None,
    })
}

/// A command of the log. One that is an encoded text, its length before it, is shown as the text.
fn command(command: &Json) -> String {
    let text = || {
        let digits = command.as_str().filter(|digits| digits.len() % 2 == 0 && digits.is_ascii())?;
        let byte = |position: usize| u8::from_str_radix(digits.get(position..position + 2)?, 16).ok();
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>()?;
        let (length, text) = bytes.split_first()?;
        let is_text =
            usize::from(*length) == text.len() && text.iter().all(|byte| (b' '..=b'~').contains(byte));
        is_text.then(|| text.iter().map(|&byte| char::from(byte)).collect())
    };
    text().unwrap_or_else(|| short(command))
}

/// The party in an arrow: `2` for `server 2`, `c3` for `client 3`.
fn short_party(name: &str) -> String {
    let (before, number) = name.rsplit_once(' ').unwrap_or(("", name));
    match before {
        "server" => number.to_owned(),
        "client" => format!("c{number}"),
        "" => name.to_owned(),
        group => format!("{}:{number}", group.trim_end_matches(" server")),
    }
}

fn message(event: &Map<String, Json>, meaning: Option<&Meaning>) -> String {
    let get = |key: &str| event.get(key).and_then(Json::as_str).unwrap_or_default();
    let method = get("method").rsplit('.').next().unwrap_or_default();
    let (from, to) = (short_party(get("from")), short_party(get("to")));
    let step = get("step");
    let arrow = if step.starts_with("reply") { '←' } else { '→' };
    let mut line = method.to_owned();
    if let Some(call) = event.get("call").and_then(Json::as_u64) {
        let _ = write!(line, " #{call}");
    }
    let _ = write!(line, " {from}{arrow}{to}");
    let fate = match step {
        "request_sent" | "reply_sent" => "",
        "request_delivered" | "reply_delivered" => "arrives",
        "request_lost" | "reply_lost" => "is lost",
        "request_duplicated" => "is duplicated",
        "reply_late" => "is held back",
        other => other,
    };
    if !fate.is_empty() {
        line.push(' ');
        line.push_str(fate);
    }
    let content = event.get("content").unwrap_or(&Json::Null);
    let shown = match meaning {
        Some(meaning) if meaning.call == Some(RaftCall::AppendEntries) && arrow == '→' => entries(meaning),
        Some(Meaning { call: Some(_), term: Some(term), index: Some(index), index_term, .. })
            if arrow == '→' =>
        {
            format!("{{term {term}, last {}}}", position(Some(*index), *index_term))
        }
        Some(Meaning { call: Some(call), term: Some(term), accepted: Some(accepted), .. })
            if arrow == '←' =>
        {
            let answer = match (accepted, call) {
                (false, _) => "refused",
                (true, RaftCall::RequestVote) => "vote granted",
                (true, _) => "success",
            };
            format!("{{term {term}, {answer}}}")
        }
        _ if content.is_null() => String::new(),
        _ => short(content),
    };
    if !shown.is_empty() {
        line.push(' ');
        line.push_str(&shown);
    }
    line
}

/// A place in the log: `16@1` is index 16, of term 1.
fn position(index: Option<u64>, term: Option<u64>) -> String {
    let index = index.map_or_else(|| "?".to_owned(), |index| index.to_string());
    term.map_or_else(|| index.clone(), |term| format!("{index}@{term}"))
}

/// The arguments of `AppendEntries`: `{term 1, prev 16@1, entries [17@1], commit 16}`.
fn entries(meaning: &Meaning) -> String {
    let mut parts = Vec::new();
    parts.extend(meaning.term.map(|term| format!("term {term}")));
    parts.push(format!("prev {}", position(meaning.index, meaning.index_term)));
    if let Some(terms) = meaning.entries.as_ref().filter(|terms| !terms.is_empty()) {
        let first = meaning.index.map(|index| index + 1);
        let at = |number: usize| position(first.map(|first| first + number as u64), terms[number]);
        let shown: Vec<String> = match terms.len() {
            0..=4 => (0..terms.len()).map(at).collect(),
            many => vec![at(0), at(1), "…".to_owned(), at(many - 1)],
        };
        parts.push(format!("entries [{}]", shown.join(", ")));
    }
    parts.extend(meaning.commit.map(|commit| format!("commit {commit}")));
    format!("{{{}}}", parts.join(", "))
}

fn saved(event: &Map<String, Json>) -> String {
    let step = event.get("step").and_then(Json::as_str).unwrap_or_default();
    let records = event.get("records").and_then(Json::as_array).map_or(&[][..], |records| records);
    let named = |record: &Json| {
        let name = record.get("name").and_then(Json::as_str).unwrap_or_default();
        format!("{name}, {} bytes", record.get("bytes").and_then(Json::as_u64).unwrap_or(0))
    };
    let what = records.iter().map(named).collect::<Vec<_>>().join("; ");
    match step {
        "began" => format!("begins to save {what}"),
        "interrupted_after_effect" => format!("saved {what}, and crashed"),
        "interrupted_without_effect" => format!("crashed before it had saved {what}"),
        _ => format!("saved {what}"),
    }
}

/// A value in a few words: `{term 2, success true}`.
pub(crate) fn short(value: &Json) -> String {
    let mut text = String::new();
    write_short(value, &mut text);
    match text.char_indices().nth(CONTENT_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn write_short(value: &Json, text: &mut String) {
    if text.len() > 4 * CONTENT_SHOWN {
        return;
    }
    match value {
        Json::Null => text.push_str("none"),
        Json::String(string) => text.push_str(string),
        Json::Array(list) => {
            text.push('[');
            for (position, element) in list.iter().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                write_short(element, text);
            }
            text.push(']');
        }
        Json::Object(map) => {
            // A variant of an enum.
            if let Some((name, inner)) = map.iter().next().filter(|_| map.len() == 1)
                && name.starts_with(char::is_uppercase)
            {
                text.push_str(name);
                if !inner.is_null() {
                    text.push(' ');
                    write_short(inner, text);
                }
                return;
            }
            text.push('{');
            for (position, (key, element)) in map.iter().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                text.push_str(key);
                text.push(' ');
                write_short(element, text);
            }
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::meaning;

    fn line(event: Json) -> String {
        let Json::Object(map) = event else { panic!("an object") };
        let meaning = map.get("content").and_then(meaning::of_request);
        text(&map, meaning.as_ref())
    }

    #[test]
    fn messages_are_told_as_the_paper_does() {
        let sent = json!({
            "kind": "message", "step": "request_sent", "call": 74, "from": "server 1", "to": "server 2",
            "method": "Raft.append_entries",
            "content": { "term": 1, "leader_id": 1, "prev_log_index": 16, "prev_log_term": 1,
                         "entries": [{ "term": 1, "command": "x" }], "leader_commit": 16 },
        });
        assert_eq!(line(sent), "append_entries #74 1→2 {term 1, prev 16@1, entries [17@1], commit 16}");
        let reply = |success: bool| {
            let Json::Object(map) = json!({
                "kind": "message", "step": "reply_sent", "call": 74, "from": "server 1", "to": "server 2",
                "method": "Raft.append_entries", "content": { "success": success, "term": 2 },
            }) else {
                unreachable!()
            };
            text(&map, meaning::of_reply(&map["content"], Some(RaftCall::AppendEntries)).as_ref())
        };
        assert_eq!(reply(true), "append_entries #74 1←2 {term 2, success}");
        assert_eq!(reply(false), "append_entries #74 1←2 {term 2, refused}");
        let of_client = json!({
            "kind": "message", "step": "request_lost", "call": 3, "from": "client 7", "to": "g1 server 0",
            "method": "KvServer.get", "content": null,
        });
        assert_eq!(line(of_client), "get #3 c7→g1:0 is lost");
    }

    #[test]
    fn a_long_content_is_shortened() {
        let long = json!({ "kind": "answered", "content": { "text": "ä".repeat(100_000) } });
        let text = line(long);
        assert!(text.starts_with("answered ") && text.ends_with('…') && text.chars().count() < 200, "{text}");
    }

    #[test]
    fn an_enum_is_told_by_its_variant() {
        assert_eq!(short(&json!({ "Ok": { "value": "a", "version": 1 } })), "Ok {value a, version 1}");
        assert_eq!(short(&json!({ "Err": "WrongLeader" })), "Err WrongLeader");
        assert_eq!(short(&json!({ "Err": null })), "Err");
    }

    #[test]
    fn a_state_and_a_start_are_told_by_the_course_s_names() {
        let state = json!({ "kind": "probed", "content": { "term": 3, "is_leader": true } });
        assert_eq!(line(state), "get_state → term 3, leader");
        let applied =
            |command: &str| json!({ "kind": "applied", "content": { "index": 7, "command": command } });
        assert_eq!(line(applied("023137")), "applies 7: 17", "an encoded text");
        assert_eq!(line(applied("033137")), "applies 7: 033137", "bytes");
        assert_eq!(line(applied("x7")), "applies 7: x7");
        let start = json!({ "kind": "accepted", "content": { "index": 4, "term": 3 } });
        assert_eq!(line(start), "start → index 4, term 3");
    }
}

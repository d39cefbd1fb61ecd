//! [`value()`]: a value as one line of text.

use serde_json::{Map, Value as Json};

use super::field::is_name;
use super::{entries, is_more, object};

/// The most elements of a sequence, or entries of a map, that are shown.
const ELEMENTS: usize = 8;

/// The most characters of a text that are shown.
const CHARACTERS: usize = 32;

/// A value as one line of text. Objects with fields of Raft are shown as [messages](super::message).
#[must_use]
pub fn value(of: &Json) -> String {
    match of {
        Json::Null => "None".to_owned(),
        Json::Bool(_) | Json::Number(_) => of.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(elements) => sequence(elements),
        Json::Object(fields) => object(fields, None),
    }
}

/// The fields of an object that has none of Raft's.
pub(super) fn fields(of: &Map<String, Json>) -> String {
    // A variant of an enum with its fields.
    if let (1, Some((name, inner))) = (of.len(), of.iter().next())
        && is_name(name)
    {
        return match inner {
            Json::Null => name.clone(),
            Json::Object(_) => format!("{name} {}", value(inner)),
            _ => format!("{name}({})", value(inner)),
        };
    }
    let name = |name: &str| {
        let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_plain { name.to_owned() } else { quoted(name) }
    };
    let shown = of.iter().take(ELEMENTS).map(|(key, field)| format!("{}: {}", name(key), value(field)));
    format!("{{{}}}", with_rest(shown, of.len()))
}

fn sequence(elements: &[Json]) -> String {
    if let Some(log) = entries(elements, None).filter(|_| !elements.is_empty()) {
        return log;
    }
    let shown = elements.iter().take(ELEMENTS).map(|element| match element {
        Json::String(text) if is_more(element) => text.clone(),
        _ => value(element),
    });
    format!("[{}]", with_rest(shown, elements.len()))
}

/// The shown parts, and the number of the others.
fn with_rest(shown: impl Iterator<Item = String>, all: usize) -> String {
    let mut parts: Vec<String> = shown.collect();
    if all > parts.len() {
        parts.push(format!("… {} more", all - parts.len()));
    }
    parts.join(", ")
}

fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text.to_owned(), CHARACTERS))
}

/// The text, with at most so many characters.
pub(super) fn shortened(mut text: String, longest: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(longest)
        && let Some((cut, _)) = text[..end].char_indices().last()
    {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// The number of bytes that are shown as this text: as themselves, or as hexadecimal digits.
pub(super) fn bytes_of(text: &str) -> u64 {
    let cut = text.rsplit_once("… (").and_then(|(_, rest)| rest.strip_suffix(" bytes)")?.parse().ok());
    let is_hexadecimal = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    cut.unwrap_or(if is_hexadecimal { text.len() as u64 / 2 } else { text.len() as u64 })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_as_in_rust() {
        assert_eq!(value(&json!({ "Move": { "by": 2 } })), "Move {by: 2}");
        assert_eq!(value(&json!({ "Append": [1, "a"] })), "Append([1, \"a\"])");
        assert_eq!(value(&json!({ "Err": null })), "Err");
        assert_eq!(value(&json!({ "a key": null })), "{\"a key\": None}");
        assert_eq!(value(&json!([1.5, true, "\u{1b}"])), "[1.5, true, \"\\u{1b}\"]");
        assert_eq!(value(&json!(["a", "… 5 more"])), "[\"a\", … 5 more]");
    }

    #[test]
    fn bytes_are_counted() {
        assert_eq!(bytes_of("00ff"), 2);
        assert_eq!(bytes_of("hello"), 5);
        assert_eq!(bytes_of("0000… (2000 bytes)"), 2000);
    }

    #[test]
    fn a_long_text_ends_with_an_ellipsis() {
        assert_eq!(shortened("äöü".to_owned(), 3), "äöü");
        assert_eq!(shortened("äöüß".to_owned(), 3), "äö…");
    }
}

//! [`value()`] and [`sequence()`]: a value as JSON, without the middle of long sequences and the end of long
//! texts.
//!
//! A log that grows is saved over and over. As a whole each time, it would make a file of gigabytes.

use labgob::{Kind, Value};
use serde_json::{Map, Value as Json};

/// The elements of a long sequence that are kept.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    first: usize,
    last: usize,
}

impl Kept {
    /// Of a message: entries that a server may never have seen before.
    pub(crate) const OF_A_MESSAGE: Self = Self { first: 8, last: 56 };

    /// Of a save: most of what it saves was saved before.
    pub(crate) const OF_A_SAVE: Self = Self { first: 2, last: 14 };
}

/// The bytes of a text or byte string from which on it is shortened.
const LONG: usize = 1024;

/// The bytes that are kept of a long one.
const KEPT: usize = 128;

/// The value as JSON.
pub(crate) fn value(of: &Value, kept: Kept) -> Json {
    let untagged = match of.kind() {
        Kind::Seq | Kind::Tuple => {
            let elements: Vec<Value> = of.iter().collect();
            sequence(&elements, of.len().saturating_sub(elements.len()), kept)
        }
        Kind::Struct if !of.is_truncated() => {
            let fields = of.fields().map(|(name, field)| (name.to_owned(), value(&field, kept)));
            Json::Object(fields.collect())
        }
        Kind::Some | Kind::Newtype if !of.is_truncated() => {
            of.inner().map_or(Json::Null, |inner| value(&inner, kept))
        }
        Kind::Str | Kind::Bytes if of.len() > LONG => beginning(of),
        // What can be encoded can be JSON.
        _ => return serde_json::to_value(of).unwrap_or_default(),
    };
    match of.variant() {
        Some(variant) => Json::Object(Map::from_iter([(variant.to_owned(), untagged)])),
        None => untagged,
    }
}

/// The elements, with `… N more` in the place of those that are left out; and at the end, of those that
/// `omitted` counts.
pub(super) fn sequence(elements: &[Value], omitted: usize, kept: Kept) -> Json {
    let value = |element| value(element, kept);
    let Kept { first, last } = kept;
    let mut all: Vec<Json> = if elements.len() > first + last {
        let (first, rest) = elements.split_at(first);
        let (middle, last) = rest.split_at(rest.len() - last);
        first.iter().map(value).chain([more(middle.len())]).chain(last.iter().map(value)).collect()
    } else {
        elements.iter().map(value).collect()
    };
    all.extend((omitted > 0).then(|| more(omitted)));
    Json::Array(all)
}

/// The beginning of a text or of bytes, and the number of bytes.
fn beginning(of: &Value) -> Json {
    let text = match (of.as_str(), of.as_bytes()) {
        (Some(text), _) => text.chars().take(KEPT).collect(),
        (None, Some(bytes)) => match std::str::from_utf8(&bytes[..KEPT]) {
            Ok(text) if text.chars().all(|c| !c.is_control()) => text.to_owned(),
            _ => bytes[..KEPT].iter().map(|byte| format!("{byte:02x}")).collect(),
        },
        (None, None) => String::new(),
    };
    format!("{text}… ({} bytes)", of.len()).into()
}

/// A text. Of a long one, the beginning and the number of bytes.
pub(super) fn text(of: &str) -> Json {
    if of.len() <= LONG {
        return of.into();
    }
    let beginning: String = of.chars().take(KEPT).collect();
    format!("{beginning}… ({} bytes)", of.len()).into()
}

fn more(number: usize) -> Json {
    format!("… {number} more").into()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    fn json_of(of: &Value) -> Json {
        value(of, Kept::OF_A_MESSAGE)
    }

    #[derive(Serialize)]
    enum Message {
        Empty,
        One(u8),
        Pair(u8, String),
        Log { entries: Vec<Option<u64>>, of: Id },
    }

    #[derive(Serialize)]
    struct Id(u64);

    #[test]
    fn short_values_are_what_serde_makes_of_them() {
        let values = [
            Message::Empty,
            Message::One(1),
            Message::Pair(2, "b".to_owned()),
            Message::Log { entries: vec![Some(1), None], of: Id(7) },
        ];
        let value_of_all = Value::of(&values).unwrap();
        assert_eq!(json_of(&value_of_all), serde_json::to_value(&values).unwrap());
        let map = std::collections::BTreeMap::from([("key", 1)]);
        assert_eq!(json_of(&Value::of(&map).unwrap()), json!({ "key": 1 }));
    }

    #[test]
    fn long_sequences_have_a_beginning_and_an_end() {
        let log = Message::Log { entries: (0..1000).map(Some).collect(), of: Id(7) };
        let json = json_of(&Value::of(&log).unwrap());
        let entries = json["Log"]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 8 + 1 + 56);
        assert_eq!((&entries[7], &entries[8], &entries[9]), (&json!(7), &json!("… 936 more"), &json!(944)));
        assert_eq!((entries.last(), &json["Log"]["of"]), (Some(&json!(999)), &json!(7)));
        let tolerated = json_of(&Value::of(&(0..64u64).collect::<Vec<_>>()).unwrap());
        assert_eq!(tolerated, json!((0..64).collect::<Vec<_>>()));
    }

    #[test]
    fn of_a_save_less_is_kept() {
        let json = value(&Value::of(&(0..20u64).collect::<Vec<_>>()).unwrap(), Kept::OF_A_SAVE);
        let elements = json.as_array().unwrap();
        assert_eq!((elements.len(), &elements[1], &elements[2]), (17, &json!(1), &json!("… 4 more")));
    }

    #[test]
    fn long_texts_and_bytes_have_a_beginning_and_a_length() {
        let text = "ä".repeat(600);
        let json = json_of(&Value::of(&text).unwrap());
        assert_eq!(json, format!("{}… (1200 bytes)", "ä".repeat(128)));
        let bytes = Message::Log { entries: Vec::new(), of: Id(0) };
        assert_eq!(json_of(&Value::of(&bytes).unwrap()), serde_json::to_value(&bytes).unwrap());
        let json = json_of(&Value::of(&vec![0xffu8; 2000]).unwrap());
        assert_eq!(json, format!("{}… (2000 bytes)", "ff".repeat(128)));
        let json = json_of(&Value::of(&vec![b'a'; 2000]).unwrap());
        assert_eq!(json, format!("{}… (2000 bytes)", "a".repeat(128)));
    }

    #[test]
    fn what_was_omitted_already_is_counted() {
        let long: Vec<u64> = vec![u64::MAX; 300_000];
        let json = json_of(&Value::of(&long).unwrap());
        let all = json.as_array().unwrap();
        let counted = |position: usize| -> usize {
            let text = all[position].as_str().unwrap();
            text.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
        };
        assert_eq!(all.len(), 8 + 1 + 56 + 1);
        assert_eq!(counted(8) + counted(all.len() - 1) + 64, 300_000);
    }
}

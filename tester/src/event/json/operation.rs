//! [`input()`] and [`output()`]: an operation of the key/value service as JSON.

use serde_json::{Value as Json, json};

use super::abridged::text;
use crate::linearizability::{KeyValueInput, KeyValueOutput};

/// The request: `{"Get":{"key":"x"}}`.
pub(super) fn input(of: &KeyValueInput) -> Json {
    match of {
        KeyValueInput::Get { key } => json!({ "Get": { "key": text(key) } }),
        KeyValueInput::Put { key, value, version } => {
            json!({ "Put": { "key": text(key), "value": text(value), "version": version } })
        }
    }
}

/// The answer: `{"Value":{"value":"a","version":1}}`, or its name.
pub(super) fn output(of: &KeyValueOutput) -> Json {
    match of {
        KeyValueOutput::Value { value, version } => {
            json!({ "Value": { "value": text(value), "version": version } })
        }
        KeyValueOutput::Done => "Done".into(),
        KeyValueOutput::NoKey => "NoKey".into(),
        KeyValueOutput::WrongVersion => "WrongVersion".into(),
        KeyValueOutput::Maybe => "Maybe".into(),
    }
}

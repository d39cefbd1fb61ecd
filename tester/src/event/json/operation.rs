//! [`began()`] and [`ended()`]: an operation of a client as JSON.

use serde_json::{Value as Json, json};

use crate::event::{RecordedInput, RecordedOutput};
use crate::linearizability::{KeyValueInput, KeyValueOutput, TextInput, TextOutput};

/// A text as JSON: abridged, or whole.
type AsJson = fn(&str) -> Json;

/// A text that is not abridged.
pub(super) fn whole(text: &str) -> Json {
    text.into()
}

/// The call of a clerk.
pub(super) fn began(words: &str, of: Option<&RecordedInput>, text: AsJson) -> Json {
    json!({ "kind": "operation_began", "text": words, "input": of.map(|of| input(of, text)) })
}

/// The return of a clerk.
pub(super) fn ended(what: &str, answer: &str, of: Option<&RecordedOutput>, text: AsJson) -> Json {
    let output = of.map(|of| output(of, text));
    json!({ "kind": "operation_ended", "operation": what, "answer": answer, "output": output })
}

/// The request: `{"Get":{"key":"x"}}`.
fn input(of: &RecordedInput, text: AsJson) -> Json {
    match of {
        RecordedInput::KeyValue(KeyValueInput::Get { key }) | RecordedInput::Text(TextInput::Get { key }) => {
            json!({ "Get": { "key": text(key) } })
        }
        RecordedInput::KeyValue(KeyValueInput::Put { key, value, version }) => {
            json!({ "Put": { "key": text(key), "value": text(value), "version": version } })
        }
        RecordedInput::Text(TextInput::Put { key, value }) => {
            json!({ "Put": { "key": text(key), "value": text(value) } })
        }
        RecordedInput::Text(TextInput::Append { key, value }) => {
            json!({ "Append": { "key": text(key), "value": text(value) } })
        }
    }
}

/// The answer: `{"Value":{"value":"a","version":1}}`, or its name.
fn output(of: &RecordedOutput, text: AsJson) -> Json {
    match of {
        RecordedOutput::KeyValue(KeyValueOutput::Value { value, version }) => {
            json!({ "Value": { "value": text(value), "version": version } })
        }
        RecordedOutput::Text(TextOutput::Value(value)) => json!({ "Value": { "value": text(value) } }),
        RecordedOutput::KeyValue(KeyValueOutput::Done) | RecordedOutput::Text(TextOutput::Done) => {
            "Done".into()
        }
        RecordedOutput::KeyValue(KeyValueOutput::NoKey) => "NoKey".into(),
        RecordedOutput::KeyValue(KeyValueOutput::WrongVersion) => "WrongVersion".into(),
        RecordedOutput::KeyValue(KeyValueOutput::Maybe) => "Maybe".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::json::abridged;

    #[test]
    fn texts_have_no_versions() {
        let append = RecordedInput::Text(TextInput::Append { key: "x".into(), value: "a".into() });
        let put = RecordedInput::Text(TextInput::Put { key: "x".into(), value: "a".into() });
        let got = RecordedOutput::Text(TextOutput::Value("a".into()));
        assert_eq!(input(&append, whole), json!({ "Append": { "key": "x", "value": "a" } }));
        assert_eq!(input(&put, whole), json!({ "Put": { "key": "x", "value": "a" } }));
        assert_eq!(output(&got, whole), json!({ "Value": { "value": "a" } }));
        assert_eq!(output(&RecordedOutput::Text(TextOutput::Done), whole), json!("Done"));
    }

    #[test]
    fn a_text_is_abridged_or_whole() {
        let text = "a".repeat(2000);
        let got = RecordedOutput::Text(TextOutput::Value((&*text).into()));
        assert_eq!(output(&got, whole)["Value"]["value"], text);
        let beginning = format!("{}… (2000 bytes)", "a".repeat(128));
        assert_eq!(output(&got, abridged::text)["Value"]["value"], beginning);
    }
}

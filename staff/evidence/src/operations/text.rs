//! Operations of the service with appends, as a stream has them.

use serde_json::Value;
use tester::linearizability::{Text, TextInput, TextOutput};

use super::gathered::{Readable, text};

impl Readable for Text {
    const UNRECORDED: Option<&'static str> = None;
    /// A test puts the empty text before clients append to it.
    const UNSEEN: u64 = 1;

    fn input(of: &Value) -> Option<TextInput> {
        if let Some(get) = of.get("Get") {
            return Some(TextInput::Get { key: text(get, "key")? });
        }
        if let Some(put) = of.get("Put") {
            return Some(TextInput::Put { key: text(put, "key")?, value: text(put, "value")? });
        }
        let append = of.get("Append")?;
        Some(TextInput::Append { key: text(append, "key")?, value: text(append, "value")? })
    }

    fn output(of: &Value) -> Option<TextOutput> {
        match of.get("Value") {
            Some(value) => text(value, "value").map(TextOutput::Value),
            None => (of.as_str()? == "Done").then_some(TextOutput::Done),
        }
    }
}

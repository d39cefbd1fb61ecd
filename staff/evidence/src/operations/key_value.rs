//! Operations of the key/value service, as a stream has them.

use serde_json::Value;
use tester::linearizability::{KeyValue, KeyValueInput, KeyValueOutput};

use super::gathered::{Readable, text};

impl Readable for KeyValue {
    const UNRECORDED: Option<&'static str> = Some("Put");
    const UNSEEN: u64 = 0;

    fn input(of: &Value) -> Option<KeyValueInput> {
        if let Some(get) = of.get("Get") {
            return Some(KeyValueInput::Get { key: text(get, "key")? });
        }
        let put = of.get("Put")?;
        let (key, value, version) = (text(put, "key")?, text(put, "value")?, put.get("version")?.as_u64()?);
        Some(KeyValueInput::Put { key, value, version })
    }

    fn output(of: &Value) -> Option<KeyValueOutput> {
        if let Some(value) = of.get("Value") {
            let (value, version) = (text(value, "value")?, value.get("version")?.as_u64()?);
            return Some(KeyValueOutput::Value { value, version });
        }
        match of.as_str()? {
            "Done" => Some(KeyValueOutput::Done),
            "NoKey" => Some(KeyValueOutput::NoKey),
            "WrongVersion" => Some(KeyValueOutput::WrongVersion),
            "Maybe" => Some(KeyValueOutput::Maybe),
            _ => None,
        }
    }
}

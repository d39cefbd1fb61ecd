//! A value in a self-describing format such as JSON.

use std::fmt::Write;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::display::ELLIPSIS;
use super::record::Record;
use super::{Kind, Value};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record().serialize(serializer)
    }
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.variant(), self.kind()) {
            (Some(variant), Kind::Unit) => serializer.serialize_str(variant),
            (Some(variant), _) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(variant, &Untagged(*self))?;
                map.end()
            }
            (None, _) => Untagged(*self).serialize(serializer),
        }
    }
}

/// A value without the name of its variant.
struct Untagged<'a>(Record<'a>);

impl Serialize for Untagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.0;
        match record.kind() {
            Kind::Unit => serializer.serialize_unit(),
            Kind::Bool => serializer.serialize_bool(record.bool().unwrap_or_default()),
            Kind::Unsigned => {
                let number = record.unsigned().unwrap_or_default();
                match u64::try_from(number) {
                    Ok(number) => serializer.serialize_u64(number),
                    Err(_) => serializer.serialize_u128(number),
                }
            }
            Kind::Signed => {
                let number = record.signed().unwrap_or_default();
                match i64::try_from(number) {
                    Ok(number) => serializer.serialize_i64(number),
                    Err(_) => serializer.serialize_i128(number),
                }
            }
            Kind::Float if record.is_f32() => {
                serializer.serialize_f32(record.float().unwrap_or_default() as f32)
            }
            Kind::Float => serializer.serialize_f64(record.float().unwrap_or_default()),
            Kind::Char => serializer.serialize_char(record.char().unwrap_or_default()),
            Kind::Str => text(record, record.str().unwrap_or_default(), serializer),
            Kind::Bytes => match record.printable() {
                Some(printable) => text(record, printable, serializer),
                None => text(record, &hexadecimal(record.byte_string().unwrap_or_default()), serializer),
            },
            Kind::None => serializer.serialize_none(),
            Kind::Some | Kind::Newtype => match record.parts().next() {
                Some((_, inner)) => inner.serialize(serializer),
                None => serializer.serialize_str(ELLIPSIS),
            },
            Kind::Seq | Kind::Tuple => {
                let mut seq = serializer.serialize_seq(None)?;
                for (_, part) in record.parts() {
                    seq.serialize_element(&part)?;
                }
                if let Some(more) = more(record) {
                    seq.serialize_element(&format_args!("{ELLIPSIS} {more}"))?;
                }
                seq.end()
            }
            Kind::Map => {
                let mut map = serializer.serialize_map(None)?;
                for (key, value) in record.entries() {
                    map.serialize_entry(&Key(key), &value)?;
                }
                end(record, map)
            }
            Kind::Struct => {
                let mut map = serializer.serialize_map(None)?;
                for (name, value) in record.parts() {
                    map.serialize_entry(name.unwrap_or(ELLIPSIS), &value)?;
                }
                end(record, map)
            }
            Kind::Omitted => serializer.serialize_str(ELLIPSIS),
        }
    }
}

/// A key of a map, which in JSON is text.
struct Key<'a>(Record<'a>);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.0.unwrap_newtypes();
        match record.str().or_else(|| record.printable()) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(&super::display::Shown(record)),
        }
    }
}

/// Ends a map, with an entry for the number of omitted entries.
fn end<M: SerializeMap>(record: Record<'_>, mut map: M) -> Result<M::Ok, M::Error> {
    if let Some(more) = more(record) {
        map.serialize_entry(ELLIPSIS, &more)?;
    }
    map.end()
}

fn more(record: Record<'_>) -> Option<String> {
    (record.omitted() > 0).then(|| format!("{} more", record.omitted()))
}

/// A text, or the recorded beginning and the full length.
fn text<S: Serializer>(record: Record<'_>, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if record.is_truncated() {
        serializer.collect_str(&format_args!("{text}{ELLIPSIS} ({} bytes)", record.len()))
    } else {
        serializer.serialize_str(text)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

//! A value as one line of text.

use std::fmt::{self, Display, Formatter, Write};

use super::record::Record;
use super::{Kind, Value};

/// The greatest number of elements of a sequence or tuple, or entries of a map, that are shown.
const ELEMENTS_SHOWN: usize = 16;

/// The number of bytes of a long text that are shown. A text of up to twice as many is shown as a whole.
const TEXT_SHOWN: usize = 64;

/// The number of bytes of a long byte string that are shown as hexadecimal digits. One of up to twice as many
/// is shown as a whole.
const BYTES_SHOWN: usize = 16;

/// The mark of an omission.
pub(super) const ELLIPSIS: &str = "…";

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        value(self.record(), f)
    }
}

/// A part of a value, displayed as within the value.
pub(super) struct Shown<'a>(pub(super) Record<'a>);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        value(self.0, f)
    }
}

fn value(record: Record<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match record.kind() {
        Kind::Unit => f.write_str(name(record, true).unwrap_or("()")),
        Kind::Bool => write!(f, "{}", record.bool().unwrap_or_default()),
        Kind::Unsigned => write!(f, "{}", record.unsigned().unwrap_or_default()),
        Kind::Signed => write!(f, "{}", record.signed().unwrap_or_default()),
        // The shortest text that parses to the same number of 32 bits.
        Kind::Float if record.is_f32() => write!(f, "{:?}", record.float().unwrap_or_default() as f32),
        Kind::Float => write!(f, "{:?}", record.float().unwrap_or_default()),
        Kind::Char => write!(f, "{:?}", record.char().unwrap_or_default()),
        Kind::Str => text(record.str().unwrap_or_default(), record.len(), f),
        Kind::Bytes => match record.printable() {
            Some(printable) => text(printable, record.len(), f),
            None => hexadecimal(record.byte_string().unwrap_or_default(), record.len(), f),
        },
        Kind::None => f.write_str("None"),
        Kind::Some => {
            f.write_str("Some")?;
            elements(record, ["(", ")"], f)
        }
        // A newtype struct is shown as its value, unless names are requested.
        Kind::Newtype => match name(record, f.alternate()) {
            Some(name) => {
                f.write_str(name)?;
                elements(record, ["(", ")"], f)
            }
            None => record.parts().try_for_each(|(_, inner)| value(inner, f)),
        },
        Kind::Seq => elements(record, ["[", "]"], f),
        Kind::Tuple => {
            f.write_str(name(record, f.alternate()).unwrap_or_default())?;
            elements(record, ["(", ")"], f)
        }
        Kind::Map => entries(record, f),
        Kind::Struct => {
            if let Some(name) = name(record, f.alternate()) {
                write!(f, "{name} ")?;
            }
            elements(record, ["{", "}"], f)
        }
        Kind::Omitted => f.write_str(ELLIPSIS),
    }
}

/// The name of a variant; of a struct only if `structs`.
fn name(record: Record<'_>, structs: bool) -> Option<&'static str> {
    record.variant().or_else(|| record.type_name().filter(|_| structs))
}

/// The parts of a value, with their names if they are fields.
fn elements(record: Record<'_>, [begin, end]: [&str; 2], f: &mut Formatter<'_>) -> fmt::Result {
    // All fields of a struct are shown, since their number is fixed in the source.
    let shown = if record.kind() == Kind::Struct { usize::MAX } else { ELEMENTS_SHOWN };
    f.write_str(begin)?;
    for (position, (field, part)) in record.parts().take(shown).enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        if let Some(field) = field {
            write!(f, "{field}: ")?;
        }
        value(part, f)?;
    }
    rest(record.len(), shown.min(record.recorded()), f)?;
    f.write_str(end)
}

fn entries(record: Record<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('{')?;
    let mut shown = 0;
    for (key, entry) in record.entries().take(ELEMENTS_SHOWN) {
        if shown > 0 {
            f.write_str(", ")?;
        }
        value(key, f)?;
        f.write_str(": ")?;
        value(entry, f)?;
        shown += 1;
    }
    rest(record.len(), shown, f)?;
    f.write_char('}')
}

/// Writes the number of elements that are not shown.
fn rest(len: usize, shown: usize, f: &mut Formatter<'_>) -> fmt::Result {
    if len > shown {
        let comma = if shown > 0 { ", " } else { "" };
        write!(f, "{comma}{ELLIPSIS} {} more", len - shown)?;
    }
    Ok(())
}

/// A text in quotes, or its beginning and its length.
fn text(recorded: &str, len: usize, f: &mut Formatter<'_>) -> fmt::Result {
    if len <= 2 * TEXT_SHOWN && recorded.len() == len {
        return write!(f, "{recorded:?}");
    }
    let end =
        (0..=TEXT_SHOWN.min(recorded.len())).rev().find(|end| recorded.is_char_boundary(*end)).unwrap_or(0);
    write!(f, "{:?}{ELLIPSIS} ({len} bytes)", &recorded[..end])
}

/// Bytes as hexadecimal digits, or the first of them and their number.
fn hexadecimal(recorded: &[u8], len: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let is_whole = len <= 2 * BYTES_SHOWN && recorded.len() == len;
    let shown = if is_whole { recorded } else { &recorded[..recorded.len().min(BYTES_SHOWN)] };
    f.write_str("0x")?;
    shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
    if is_whole { Ok(()) } else { write!(f, "{ELLIPSIS} ({len} bytes)") }
}

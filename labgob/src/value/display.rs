//! A value on one line.

use std::fmt::{self, Display, Formatter, Write};

use super::record::Record;
use super::{Kind, Value};

/// Elements of a sequence, fields of a tuple and entries of a map that are shown.
const ELEMENTS_SHOWN: usize = 16;

/// Bytes of a text that are shown; of one that is not longer than twice as many, all.
const TEXT_SHOWN: usize = 64;

/// Bytes of a byte string that are shown in hexadecimal digits; of one that is not longer than twice as many,
/// all.
const BYTES_SHOWN: usize = 16;

/// Stands for what is left out.
pub(super) const ELLIPSIS: &str = "…";

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        value(self.record(), f)
    }
}

/// A part of a value, as the value shows it.
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
        // As short as it reads back as the same number, be it of 32 bits.
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
        // A newtype struct is what it holds, unless names are asked for.
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
        Kind::Cut => f.write_str(ELLIPSIS),
    }
}

/// A variant's name; a struct's only if it is asked for.
fn name(record: Record<'_>, structs: bool) -> Option<&'static str> {
    record.variant().or_else(|| record.type_name().filter(|_| structs))
}

/// The parts of a value, with their names if they are fields.
fn elements(record: Record<'_>, [begin, end]: [&str; 2], f: &mut Formatter<'_>) -> fmt::Result {
    // All fields of a struct are shown: there are as many as its source says.
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
    rest(record.len(), shown.min(record.kept()), f)?;
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

/// Says how many elements are not shown.
fn rest(len: usize, shown: usize, f: &mut Formatter<'_>) -> fmt::Result {
    if len > shown {
        let comma = if shown > 0 { ", " } else { "" };
        write!(f, "{comma}{ELLIPSIS} {} more", len - shown)?;
    }
    Ok(())
}

/// A text in quotes, or its beginning and how long it is.
fn text(kept: &str, len: usize, f: &mut Formatter<'_>) -> fmt::Result {
    if len <= 2 * TEXT_SHOWN && kept.len() == len {
        return write!(f, "{kept:?}");
    }
    let end = (0..=TEXT_SHOWN.min(kept.len())).rev().find(|end| kept.is_char_boundary(*end)).unwrap_or(0);
    write!(f, "{:?}{ELLIPSIS} ({len} bytes)", &kept[..end])
}

/// Bytes in hexadecimal digits, or the first of them and how many there are.
fn hexadecimal(kept: &[u8], len: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let is_whole = len <= 2 * BYTES_SHOWN && kept.len() == len;
    let shown = if is_whole { kept } else { &kept[..kept.len().min(BYTES_SHOWN)] };
    f.write_str("0x")?;
    shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
    if is_whole { Ok(()) } else { write!(f, "{ELLIPSIS} ({len} bytes)") }
}

//! [`Record`]: a reader of a value's record on a tape.

use crate::names;
use crate::tape::{FIELD, HEADER, TEXT_HEADER, Tag};

use super::Kind;

/// A record of a complete tape.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    tape: &'a [u8],
    at: usize,
}

impl<'a> Record<'a> {
    pub(super) fn at(tape: &'a [u8], at: usize) -> Self {
        Self { tape, at }
    }

    pub(super) fn position(self) -> usize {
        self.at
    }

    fn tag(self) -> Tag {
        Tag::of(self.tape[self.at])
    }

    fn array<const N: usize>(self, offset: usize) -> [u8; N] {
        let start = self.at + offset;
        *self.tape[start..].first_chunk().expect("a record is complete")
    }

    fn number(self, offset: usize) -> usize {
        u32::from_le_bytes(self.array(offset)) as usize
    }

    /// The length of the record in bytes.
    fn size(self) -> usize {
        match self.tag() {
            Tag::Unit | Tag::None | Tag::False | Tag::True | Tag::Omitted => 1,
            Tag::U8 => 2,
            Tag::F32 | Tag::Char => 5,
            Tag::Unsigned | Tag::Signed | Tag::F64 => 9,
            Tag::U128 | Tag::I128 => 17,
            Tag::Str | Tag::Bytes => TEXT_HEADER + self.number(1),
            Tag::NamedUnit | Tag::Some | Tag::Newtype | Tag::Seq | Tag::Tuple | Tag::Map | Tag::Struct => {
                self.number(1)
            }
        }
    }

    fn has_parts(self) -> bool {
        self.tag() as u8 >= Tag::NamedUnit as u8
    }

    /// The bytes of the record.
    pub(super) fn bytes(self) -> &'a [u8] {
        &self.tape[self.at..self.at + self.size()]
    }

    pub(super) fn kind(self) -> Kind {
        match self.tag() {
            Tag::Unit | Tag::NamedUnit => Kind::Unit,
            Tag::None => Kind::None,
            Tag::False | Tag::True => Kind::Bool,
            Tag::Omitted => Kind::Omitted,
            Tag::U8 | Tag::Unsigned | Tag::U128 => Kind::Unsigned,
            Tag::Signed | Tag::I128 => Kind::Signed,
            Tag::F32 | Tag::F64 => Kind::Float,
            Tag::Char => Kind::Char,
            Tag::Str => Kind::Str,
            Tag::Bytes => Kind::Bytes,
            Tag::Some => Kind::Some,
            Tag::Newtype => Kind::Newtype,
            Tag::Seq => Kind::Seq,
            Tag::Tuple => Kind::Tuple,
            Tag::Map => Kind::Map,
            Tag::Struct => Kind::Struct,
        }
    }

    pub(super) fn type_name(self) -> Option<&'static str> {
        self.has_parts().then(|| names::name(u16::from_le_bytes(self.array(13)))).flatten()
    }

    pub(super) fn variant(self) -> Option<&'static str> {
        self.has_parts().then(|| names::name(u16::from_le_bytes(self.array(15)))).flatten()
    }

    /// The number of recorded parts.
    pub(super) fn recorded(self) -> usize {
        if self.has_parts() { self.number(5) } else { 0 }
    }

    /// The number of elements, entries or bytes, including omitted ones.
    pub(super) fn len(self) -> usize {
        match self.tag() {
            Tag::Str | Tag::Bytes => self.number(5),
            Tag::Map => self.recorded() / 2 + self.omitted(),
            _ => self.recorded() + self.omitted(),
        }
    }

    /// The number of omitted elements, entries or bytes.
    pub(super) fn omitted(self) -> usize {
        match self.tag() {
            Tag::Str | Tag::Bytes => self.number(5) - self.number(1),
            Tag::Map => self.number(9) / 2,
            _ if self.has_parts() => self.number(9),
            _ => 0,
        }
    }

    pub(super) fn is_truncated(self) -> bool {
        self.tag() == Tag::Omitted || self.omitted() > 0
    }

    /// The parts, with their names if they are fields of a struct.
    pub(super) fn parts(self) -> Parts<'a> {
        let named = self.tag() == Tag::Struct;
        Parts { tape: self.tape, next: self.at + HEADER, left: self.recorded(), named }
    }

    /// The keys and values of a map.
    pub(super) fn entries(self) -> impl Iterator<Item = (Self, Self)> {
        let left = if self.tag() == Tag::Map { self.recorded() } else { 0 };
        let mut parts = Parts { left, ..self.parts() };
        std::iter::from_fn(move || Some((parts.next()?.1, parts.next()?.1)))
    }

    /// The value inside all newtype structs around it; itself if there is none.
    pub(super) fn unwrap_newtypes(self) -> Self {
        let mut record = self;
        while record.tag() == Tag::Newtype && record.variant().is_none() {
            match record.parts().next() {
                Some((_, inner)) => record = inner,
                None => break,
            }
        }
        record
    }

    pub(super) fn get(self, name: &str) -> Option<Self> {
        let record = self.unwrap_newtypes();
        if record.tag() == Tag::Map {
            return record.entries().find(|(key, _)| key.str() == Some(name)).map(|(_, value)| value);
        }
        record.parts().find(|(field, _)| *field == Some(name)).map(|(_, value)| value)
    }

    pub(super) fn unsigned(self) -> Option<u128> {
        match self.tag() {
            Tag::U8 => Some(self.tape[self.at + 1].into()),
            Tag::Unsigned => Some(u64::from_le_bytes(self.array(1)).into()),
            Tag::U128 => Some(u128::from_le_bytes(self.array(1))),
            _ => None,
        }
    }

    pub(super) fn signed(self) -> Option<i128> {
        match self.tag() {
            Tag::Signed => Some(i64::from_le_bytes(self.array(1)).into()),
            Tag::I128 => Some(i128::from_le_bytes(self.array(1))),
            _ => None,
        }
    }

    pub(super) fn float(self) -> Option<f64> {
        match self.tag() {
            Tag::F32 => Some(f32::from_le_bytes(self.array(1)).into()),
            Tag::F64 => Some(f64::from_le_bytes(self.array(1))),
            _ => None,
        }
    }

    /// Whether it is a floating-point number of 32 bits.
    pub(super) fn is_f32(self) -> bool {
        self.tag() == Tag::F32
    }

    pub(super) fn bool(self) -> Option<bool> {
        match self.tag() {
            Tag::False => Some(false),
            Tag::True => Some(true),
            _ => None,
        }
    }

    pub(super) fn char(self) -> Option<char> {
        if self.tag() == Tag::Char { char::from_u32(u32::from_le_bytes(self.array(1))) } else { None }
    }

    pub(super) fn str(self) -> Option<&'a str> {
        if self.tag() == Tag::Str { std::str::from_utf8(&self.bytes()[TEXT_HEADER..]).ok() } else { None }
    }

    pub(super) fn byte_string(self) -> Option<&'a [u8]> {
        match self.tag() {
            Tag::Bytes => Some(&self.bytes()[TEXT_HEADER..]),
            Tag::Seq if self.len() == 0 => Some(&[]),
            _ => None,
        }
    }

    /// A byte string that is readable text: UTF-8 without control characters other than line breaks and tabs.
    pub(super) fn printable(self) -> Option<&'a str> {
        let bytes = self.byte_string()?;
        // The last character of a truncated byte string may be incomplete.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) if self.is_truncated() && error.error_len().is_none() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
            }
            Err(_) => return None,
        };
        text.chars().all(|char| !char.is_control() || matches!(char, '\n' | '\t')).then_some(text)
    }
}

/// The parts of a value.
pub(super) struct Parts<'a> {
    tape: &'a [u8],
    next: usize,
    left: usize,
    named: bool,
}

impl<'a> Iterator for Parts<'a> {
    type Item = (Option<&'static str>, Record<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut name = None;
        if self.named {
            let id = self.tape[self.next..].first_chunk().expect("a record is complete");
            name = names::name(u16::from_le_bytes(*id));
            self.next += FIELD;
        }
        let record = Record::at(self.tape, self.next);
        self.next += record.size();
        Some((name, record))
    }
}

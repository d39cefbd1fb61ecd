//! [`Value`]: an encoded value with the names of its types, fields and variants.

mod chunked;
mod display;
mod json;
mod record;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::accounting::uncounted;
use crate::tape::{Tape, Tuple};
use crate::write::{EncodeError, write_recorded};

pub use chunked::ChunkedValue;
use record::Record;

/// The shape of a [`Value`].
///
/// A variant of an enum has the shape of its fields, and a [variant's name](Value::variant) besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `()`, a unit struct, or a variant without fields.
    Unit,
    /// `true` or `false`.
    Bool,
    /// An unsigned integer.
    Unsigned,
    /// A signed integer.
    Signed,
    /// A floating-point number.
    Float,
    /// A character.
    Char,
    /// A text.
    Str,
    /// A byte string, or a sequence of one or more `u8`.
    Bytes,
    /// `None`.
    None,
    /// `Some`, with one element.
    Some,
    /// A struct, or a variant, with one field that has no name.
    Newtype,
    /// A sequence of elements.
    Seq,
    /// A tuple, an array, or a struct or variant whose fields have no names.
    Tuple,
    /// A map: keys and values.
    Map,
    /// A struct, or a variant, with named fields.
    Struct,
    /// A value that was omitted: see [`Value::is_truncated`].
    Omitted,
}

/// An encoded value with the names of its types, fields and variants. Clones and parts share its memory.
///
/// ```
/// use labgob::Value;
///
/// #[derive(serde::Serialize)]
/// struct Vote {
///     term: u64,
///     granted: bool,
/// }
///
/// let vote = Value::of(&Vote { term: 3, granted: true })?;
/// assert_eq!(vote.get("term").and_then(|term| term.as_u64()), Some(3));
/// assert_eq!(vote.to_string(), "{term: 3, granted: true}");
/// # Ok::<(), labgob::EncodeError>(())
/// ```
///
/// A value takes at most about 1 MiB, and nests at most 128 levels deep. The rest is omitted and counted.
///
/// Two values are equal if their contents and names are equal. Integers of different widths may be equal,
/// except `u8` and wider ones, and signed and unsigned ones. Floating-point numbers are compared bit by bit,
/// and the entries of a map in their order.
///
/// [`Display`](fmt::Display) gives one line, and shortens long texts and collections: `{term: 1, entries: [],
/// granted: true}`. `{:#}` also gives the names of structs and newtypes: `Vote {term: Term(1)}`.
/// `serde::Serialize` is for JSON: structs are maps, variants of an enum are tagged with their names, and
/// bytes are text if they are printable, else hexadecimal digits.
#[derive(Clone)]
pub struct Value {
    tape: Shared,
    /// The position of its record on the tape.
    at: u32,
}

impl Value {
    /// The value that encoding `value` would record.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](crate::encode()).
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let tape = write_recorded(value, &mut Vec::new())?;
        Ok(Self::of_tape(&tape).unwrap_or_else(|| Self::new(&[crate::tape::Tag::Omitted as u8])))
    }

    /// These values as one tuple.
    #[must_use]
    pub fn tuple<'a>(values: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut tuple = Tuple::new();
        for value in values {
            tuple.add(value.record().bytes());
        }
        Self::of_tape(&tuple.finish()).expect("each value was added as a whole")
    }

    /// The value on a tape, if the tape is valid.
    pub(crate) fn of_tape(tape: &Tape) -> Option<Self> {
        tape.bytes().map(Self::new)
    }

    fn new(record: &[u8]) -> Self {
        Self { tape: Shared(Some(uncounted(|| Arc::from(record)))), at: 0 }
    }

    fn record(&self) -> Record<'_> {
        Record::at(self.tape.bytes(), self.at as usize)
    }

    /// A part of this value.
    fn part(&self, record: Record<'_>) -> Self {
        Self { tape: self.tape.clone(), at: record.position() as u32 }
    }

    /// The shape of the value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.record().kind()
    }

    /// The name of the struct or enum; `None` for types without a name, such as tuples.
    #[must_use]
    pub fn type_name(&self) -> Option<&'static str> {
        self.record().type_name()
    }

    /// The name of an enum's variant; `None` for other types, and for `Option`.
    #[must_use]
    pub fn variant(&self) -> Option<&'static str> {
        self.record().variant()
    }

    /// The field of that name, or the value of that key in a map whose keys are texts. Newtype structs are
    /// transparent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Self> {
        self.record().get(name).map(|record| self.part(record))
    }

    /// The element, or field of a struct, at `index`, counted from 0. The keys and values of a map count as
    /// elements. Newtype structs are transparent. `None` beyond the end, and for bytes.
    ///
    /// Takes time in proportion to `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Option<Self> {
        self.record().unwrap_newtypes().parts().nth(index).map(|(_, record)| self.part(record))
    }

    /// The value inside a `Some`, a newtype, or a variant with one field that has no name.
    #[must_use]
    pub fn inner(&self) -> Option<Self> {
        let record = self.record();
        matches!(record.kind(), Kind::Some | Kind::Newtype).then(|| self.index_of(record)).flatten()
    }

    fn index_of(&self, record: Record<'_>) -> Option<Self> {
        record.parts().next().map(|(_, part)| self.part(part))
    }

    /// All elements of a sequence, tuple, struct or `Some`; the keys and values of a map, alternating.
    /// Newtype structs are transparent.
    pub fn iter(&self) -> impl Iterator<Item = Self> + '_ {
        self.record().unwrap_newtypes().parts().map(|(_, record)| self.part(record))
    }

    /// All named fields of a struct, or of a variant. Newtype structs are transparent.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Self)> + '_ {
        self.record()
            .unwrap_newtypes()
            .parts()
            .filter_map(|(name, record)| name.map(|name| (name, self.part(record))))
    }

    /// All entries of a map. Newtype structs are transparent.
    pub fn entries(&self) -> impl Iterator<Item = (Self, Self)> + '_ {
        let record = self.record().unwrap_newtypes();
        record.entries().map(|(key, value)| (self.part(key), self.part(value)))
    }

    /// The number of elements, of entries of a map, or of bytes of a text or byte string, including omitted
    /// ones. Newtype structs are transparent. 0 for other values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.record().unwrap_newtypes().len()
    }

    /// Whether [`len`](Self::len) is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether something of this value itself was omitted because the whole value was too large or too deep:
    /// some of its elements, the end of its text, or everything. Its elements may be truncated too.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.record().is_truncated()
    }

    /// An integer that is not negative. Newtype structs are transparent, here and below: `Term(3)` reads
    /// as 3.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_u128()?.try_into().ok()
    }

    /// An integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let record = self.record().unwrap_newtypes();
        record
            .signed()
            .and_then(|signed| signed.try_into().ok())
            .or_else(|| record.unsigned()?.try_into().ok())
    }

    /// An integer that is not negative.
    #[must_use]
    pub fn as_u128(&self) -> Option<u128> {
        let record = self.record().unwrap_newtypes();
        record.unsigned().or_else(|| record.signed()?.try_into().ok())
    }

    /// A floating-point number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.record().unwrap_newtypes().float()
    }

    /// `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        self.record().unwrap_newtypes().bool()
    }

    /// A character.
    #[must_use]
    pub fn as_char(&self) -> Option<char> {
        self.record().unwrap_newtypes().char()
    }

    /// A text, or the beginning of a [truncated](Self::is_truncated) one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.record().unwrap_newtypes().str()
    }

    /// A byte string, or the beginning of a [truncated](Self::is_truncated) one. A sequence of `u8` is a byte
    /// string, and so is any empty sequence.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.record().unwrap_newtypes().byte_string()
    }

    /// The memory of this value in bytes, which it shares with its clones and parts.
    #[must_use]
    pub fn byte_size(&self) -> usize {
        // With the two counters of the `Arc`.
        self.tape.bytes().len() + 2 * size_of::<usize>()
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        let same = self.at == other.at && self.tape.is(&other.tape);
        same || self.record().bytes() == other.record().bytes()
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

/// A complete tape. Its memory is not charged to the run.
#[derive(Clone)]
struct Shared(Option<Arc<[u8]>>);

impl Shared {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether both are the same tape in memory.
    fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Drop for Shared {
    /// If two threads drop the last two clones at the same time, both may see another clone. Then the memory
    /// is freed too, but charged to the run. A simulation runs one thread at a time.
    #[inline]
    fn drop(&mut self) {
        if let Some(tape) = self.0.take()
            && Arc::strong_count(&tape) == 1
        {
            uncounted(|| drop(tape));
        }
    }
}

#[cfg(test)]
mod tests;

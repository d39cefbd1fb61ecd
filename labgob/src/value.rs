//! [`Value`]: what was encoded, with the names of types, fields and variants.

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
    /// A value that was left out: see [`Value::is_cut`].
    Cut,
}

/// What was encoded, as a value with names. Clones share it, and so do its parts.
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
/// A value as a whole takes at most about 1 MiB, and nests 128 levels deep: what is beyond is left out, and
/// how much it was is told.
///
/// Two values are equal if they would be written alike and have the same names: integers of different width
/// are equal (but not `u8` and wider ones, signed and unsigned ones), floating-point numbers are compared bit
/// by bit, and the entries of a map in their order.
///
/// [`Display`](fmt::Display) is one line, in which what is long is shortened: `{term: 1, entries: [],
/// granted: true}`. With `{:#}` structs and newtypes are named too: `Vote {term: Term(1)}`. As
/// `serde::Serialize` it is for JSON: structs are maps, an enum's variants are tagged with their names, and
/// bytes are text if they are printable, else hexadecimal digits.
#[derive(Clone)]
pub struct Value {
    tape: Shared,
    /// Where on the tape its record begins.
    at: u32,
}

impl Value {
    /// The value that encoding `value` would give.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](crate::encode()).
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let tape = write_recorded(value, &mut Vec::new())?;
        Ok(Self::of_tape(&tape).unwrap_or_else(|| Self::new(&[crate::tape::Tag::Cut as u8])))
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

    /// What stands on a tape, if it is a value.
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

    /// Its shape.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.record().kind()
    }

    /// The name of the struct or enum; `None` of what has no name, as a tuple.
    #[must_use]
    pub fn type_name(&self) -> Option<&'static str> {
        self.record().type_name()
    }

    /// The name of an enum's variant; `None` of what is no enum. `Option` is none here.
    #[must_use]
    pub fn variant(&self) -> Option<&'static str> {
        self.record().variant()
    }

    /// The field of that name, or the value of that key in a map whose keys are texts. Newtype structs are
    /// looked through.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Self> {
        self.record().get(name).map(|record| self.part(record))
    }

    /// The element at `index`, counted from 0; the field at that place of a struct. Of a map, keys and values
    /// count as elements. Newtype structs are looked through. `None` beyond the end, and of bytes.
    ///
    /// Takes time in proportion to `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Option<Self> {
        self.record().look_through().parts().nth(index).map(|(_, record)| self.part(record))
    }

    /// What is in a `Some`, a newtype, or a variant with one field that has no name.
    #[must_use]
    pub fn inner(&self) -> Option<Self> {
        let record = self.record();
        matches!(record.kind(), Kind::Some | Kind::Newtype).then(|| self.index_of(record)).flatten()
    }

    fn index_of(&self, record: Record<'_>) -> Option<Self> {
        record.parts().next().map(|(_, part)| self.part(part))
    }

    /// All elements: of a sequence, a tuple, a struct, `Some`; of a map, keys and values in turn. Newtype
    /// structs are looked through.
    pub fn iter(&self) -> impl Iterator<Item = Self> + '_ {
        self.record().look_through().parts().map(|(_, record)| self.part(record))
    }

    /// All named fields of a struct, or of a variant. Newtype structs are looked through.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Self)> + '_ {
        self.record()
            .look_through()
            .parts()
            .filter_map(|(name, record)| name.map(|name| (name, self.part(record))))
    }

    /// All entries of a map. Newtype structs are looked through.
    pub fn entries(&self) -> impl Iterator<Item = (Self, Self)> + '_ {
        let record = self.record().look_through();
        record.entries().map(|(key, value)| (self.part(key), self.part(value)))
    }

    /// The number of elements, of a map's entries, or of a text's or byte string's bytes, with those that
    /// were left out. Newtype structs are looked through. 0 of what has none.
    #[must_use]
    pub fn len(&self) -> usize {
        self.record().look_through().len()
    }

    /// Whether [`len`](Self::len) is 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether something of this value itself was left out because the value as a whole was too large or too
    /// deep: some of its elements, the end of its text, or all. Its elements may be cut besides.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.record().is_cut()
    }

    /// An integer that is not negative. Newtype structs are looked through, here and below: `Term(3)` reads
    /// as 3.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_u128()?.try_into().ok()
    }

    /// An integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let record = self.record().look_through();
        record
            .signed()
            .and_then(|signed| signed.try_into().ok())
            .or_else(|| record.unsigned()?.try_into().ok())
    }

    /// An integer that is not negative.
    #[must_use]
    pub fn as_u128(&self) -> Option<u128> {
        let record = self.record().look_through();
        record.unsigned().or_else(|| record.signed()?.try_into().ok())
    }

    /// A floating-point number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.record().look_through().float()
    }

    /// `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        self.record().look_through().bool()
    }

    /// A character.
    #[must_use]
    pub fn as_char(&self) -> Option<char> {
        self.record().look_through().char()
    }

    /// A text, or what was [kept](Self::is_cut) of it.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.record().look_through().str()
    }

    /// A byte string, or what was [kept](Self::is_cut) of it. A sequence of `u8` is one, and so is an empty
    /// sequence of whatever it is.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.record().look_through().byte_string()
    }

    /// Bytes of memory that are held for this value, all of which it shares with its clones and parts.
    #[must_use]
    pub fn byte_size(&self) -> usize {
        // What an `Arc` counts stands before it.
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

/// A tape that is complete. Its memory belongs to the harness.
#[derive(Clone)]
struct Shared(Option<Arc<[u8]>>);

impl Shared {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether it is the same tape in memory.
    fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Drop for Shared {
    /// Two threads that drop the last two clones at the same time may both think that the other is the last
    /// one. Then the memory is freed all the same, only on the run's account; a simulation has one thread.
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

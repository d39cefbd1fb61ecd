//! [`Tape`]: a value in a flat byte string, recorded while the value is encoded.
//!
//! A tape has no pointers and no absolute positions. So it is one allocation, a part of a value is a value
//! too, and equal values are equal bytes. Each value is a record:
//!
//! ```text
//! Unit, None, False, True, Omitted   tag
//! U8                                 tag, the byte
//! Unsigned, Signed, F64              tag, 8 bytes
//! U128, I128                         tag, 16 bytes
//! F32, Char                          tag, 4 bytes
//! Str, Bytes                         tag, stored length: 4, full length: 4, the stored bytes
//! anything with parts                tag, size of the record: 4, parts: 4, omitted parts: 4,
//!                                    names of type and variant: 2 and 2, the parts;
//!                                    before each field of a struct, its name: 2
//! ```
//!
//! Numbers are little-endian. A map's keys and values alternate, each a part.

use std::cell::Cell;

use crate::accounting::uncounted;
use crate::limits::MAX_DEPTH;
use crate::names::{self, NameId};

/// The length of a tape in bytes from which on further parts are omitted and only counted.
pub(crate) const MAX_TAPE_LEN: usize = 1 << 20;

/// The least capacity of a buffer in bytes. Most messages need less.
const MIN_CAPACITY: usize = 512;

/// The greatest capacity in bytes of a buffer that is reused for the next tape.
const MAX_SPARE_CAPACITY: usize = 64 << 10;

/// The length in bytes of the header of a record with parts.
pub(crate) const HEADER: usize = 17;

/// The length in bytes of the header of a text or byte string.
pub(crate) const TEXT_HEADER: usize = 9;

/// The length in bytes of a field's name.
pub(crate) const FIELD: usize = size_of::<NameId>();

/// The first byte of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Unit,
    None,
    False,
    True,
    /// A value that was omitted.
    Omitted,
    U8,
    Unsigned,
    Signed,
    U128,
    I128,
    F32,
    F64,
    Char,
    Str,
    Bytes,
    /// A unit struct, or a variant without fields.
    NamedUnit,
    Some,
    Newtype,
    Seq,
    Tuple,
    Map,
    Struct,
}

impl Tag {
    const ALL: [Self; 22] = [
        Self::Unit,
        Self::None,
        Self::False,
        Self::True,
        Self::Omitted,
        Self::U8,
        Self::Unsigned,
        Self::Signed,
        Self::U128,
        Self::I128,
        Self::F32,
        Self::F64,
        Self::Char,
        Self::Str,
        Self::Bytes,
        Self::NamedUnit,
        Self::Some,
        Self::Newtype,
        Self::Seq,
        Self::Tuple,
        Self::Map,
        Self::Struct,
    ];

    /// The tag that is this byte of a tape.
    #[inline]
    pub(crate) fn of(byte: u8) -> Self {
        Self::ALL[usize::from(byte)]
    }
}

/// A record with parts that is being written.
///
/// `Serialize` may catch an error or a panic of a part and go on. Then that part has no end, and the tape is
/// inconsistent with the record.
///
/// It fits into two registers, because it is passed around with each part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    /// The position of the record; `NOT_RECORDED` if it is omitted.
    at: u32,
    /// The end of its last part. If the record is omitted, the value of [`Tape::skipping`] between its parts.
    end: u32,
    parts: u32,
    omitted_parts: u32,
}

/// The position of a record that is omitted.
const NOT_RECORDED: u32 = u32::MAX;

impl Open {
    /// The value of [`Tape::skipping`] between the parts of the record.
    #[inline]
    fn skipping(&self) -> u32 {
        if self.at == NOT_RECORDED { self.end } else { 0 }
    }
}

/// The record of a value that is being encoded. Its memory is [not charged](crate::accounting) to the run.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    /// The recorded bytes, followed by free capacity.
    buffer: Vec<u8>,
    /// The number of recorded bytes.
    len: usize,
    /// The number of open records.
    depth: u32,
    /// The number of open values that are omitted. Nothing is recorded unless it is 0.
    skipping: u32,
    /// Whether the recorded bytes are not a valid value: see [`Open`].
    inconsistent: bool,
}

thread_local! {
    /// The buffer of the last tape, so that most tapes allocate nothing.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Tape {
    /// Makes an empty tape, with the buffer of an earlier one if there is one.
    pub(crate) fn new() -> Self {
        let buffer = SPARE.try_with(Cell::take).unwrap_or_default();
        Self { buffer, ..Self::default() }
    }

    /// The recorded bytes, if they are complete and valid records.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        (!self.inconsistent && self.depth == 0 && self.len > 0).then_some(&self.buffer[..self.len])
    }

    /// The next `len` bytes of the tape, to be written.
    #[inline]
    fn next(&mut self, len: usize) -> &mut [u8] {
        let (start, end) = (self.len, self.len + len);
        if end > self.buffer.len() {
            self.grow(end);
        }
        self.len = end;
        &mut self.buffer[start..end]
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        self.next(bytes.len()).copy_from_slice(bytes);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) {
        uncounted(|| self.buffer.resize(len.next_power_of_two().max(MIN_CAPACITY), 0));
    }

    /// Records a value without parts, in `N` bytes.
    #[inline]
    pub(crate) fn scalar<const N: usize>(&mut self, tag: Tag, payload: [u8; N]) {
        if self.skipping == 0 {
            let record = self.next(1 + N);
            record[0] = tag as u8;
            record[1..].copy_from_slice(&payload);
        }
    }

    /// Records a text, or as much of it as fits.
    #[inline]
    pub(crate) fn str(&mut self, text: &str) {
        let room = MAX_TAPE_LEN.saturating_sub(self.len);
        self.push_text(Tag::Str, prefix(text, room).as_bytes(), text.len());
    }

    /// Records a byte string, or as much of it as fits.
    #[inline]
    pub(crate) fn byte_string(&mut self, bytes: &[u8]) {
        let room = MAX_TAPE_LEN.saturating_sub(self.len);
        self.push_text(Tag::Bytes, &bytes[..bytes.len().min(room)], bytes.len());
    }

    fn push_text(&mut self, tag: Tag, kept: &[u8], len: usize) {
        if self.skipping == 0 {
            self.push(&text_header(tag, kept.len(), len));
            self.push(kept);
        }
    }

    /// Begins a record with parts.
    pub(crate) fn open(
        &mut self,
        tag: Tag,
        type_name: Option<&'static str>,
        variant: Option<&'static str>,
    ) -> Open {
        if self.skipping > 0 || self.depth == MAX_DEPTH {
            return self.open_skipped();
        }
        let at = self.len as u32;
        self.depth += 1;
        let id = |name: Option<&'static str>| name.map_or(0, names::id).to_le_bytes();
        let mut header = [0; HEADER];
        header[0] = tag as u8;
        header[13..15].copy_from_slice(&id(type_name));
        header[15..17].copy_from_slice(&id(variant));
        self.push(&header);
        Open { at, end: self.len as u32, parts: 0, omitted_parts: 0 }
    }

    #[cold]
    fn open_skipped(&mut self) -> Open {
        if self.skipping == 0 {
            self.push(&[Tag::Omitted as u8]);
        }
        self.skipping += 1;
        Open { at: NOT_RECORDED, end: self.skipping, parts: 0, omitted_parts: 0 }
    }

    /// Checks that the tape is consistent with the record, between two of its parts.
    #[inline]
    fn check(&mut self, open: &Open) {
        let is_recorded = open.at != NOT_RECORDED;
        self.inconsistent |= self.skipping != open.skipping() || (is_recorded && self.len as u32 != open.end);
    }

    /// Begins a part: a field of this name, or an element.
    #[inline]
    pub(crate) fn begin_part(&mut self, open: &Open, field: Option<&'static str>) {
        self.check(open);
        if self.len >= MAX_TAPE_LEN {
            self.skipping += 1;
        }
        if let Some(field) = field
            && self.skipping == 0
        {
            self.push(&names::id(field).to_le_bytes());
        }
    }

    /// Begins the value of a map's entry. It is recorded if its key was.
    #[inline]
    pub(crate) fn begin_value(&mut self, open: &Open) {
        self.check(open);
        if open.parts.is_multiple_of(2) {
            self.skipping += 1;
        }
    }

    /// Ends the part.
    #[inline]
    pub(crate) fn end_part(&mut self, open: &mut Open) {
        if self.skipping == open.skipping() {
            open.parts += 1;
        } else {
            self.skipping = open.skipping();
            open.omitted_parts = open.omitted_parts.saturating_add(1);
        }
        if open.at != NOT_RECORDED {
            open.end = self.len as u32;
        }
    }

    /// Ends a record with parts.
    #[inline]
    pub(crate) fn close(&mut self, open: Open) {
        self.check(&open);
        if open.at == NOT_RECORDED {
            self.skipping = open.end - 1;
        } else if !self.inconsistent {
            self.depth -= 1;
            let record = &mut self.buffer[open.at as usize..self.len];
            let header = record.first_chunk_mut::<HEADER>().expect("the header was written");
            header[1..5].copy_from_slice(&(self.len as u32 - open.at).to_le_bytes());
            header[5..9].copy_from_slice(&open.parts.to_le_bytes());
            header[9..13].copy_from_slice(&open.omitted_parts.to_le_bytes());
            if header[0] == Tag::Seq as u8 {
                self.compact_bytes(open);
            }
        }
    }

    /// Turns a sequence of `u8` into a byte string.
    fn compact_bytes(&mut self, open: Open) {
        let (at, parts) = (open.at as usize, open.parts as usize);
        let record = &mut self.buffer[at..self.len];
        let (bytes, []) = record[HEADER..].as_chunks::<2>() else { return };
        if parts == 0 || bytes.len() != parts {
            return;
        }
        // Without an early exit, so that the compiler can vectorize the loop.
        if bytes.iter().fold(0, |other, [tag, _]| other | (tag ^ Tag::U8 as u8)) != 0 {
            return;
        }
        let len = parts + open.omitted_parts as usize;
        record[..TEXT_HEADER].copy_from_slice(&text_header(Tag::Bytes, parts, len));
        for part in 0..parts {
            record[TEXT_HEADER + part] = record[HEADER + 2 * part + 1];
        }
        self.len = at + TEXT_HEADER + parts;
    }

    /// Copies a record of another tape.
    pub(crate) fn push_record(&mut self, record: &[u8]) {
        if self.skipping == 0 {
            self.push(record);
        }
    }
}

/// A tuple that is recorded element by element.
#[derive(Clone, Debug)]
pub(crate) struct Tuple {
    tape: Tape,
    open: Open,
}

impl Tuple {
    /// A tuple without elements so far.
    pub(crate) fn new() -> Self {
        let mut tape = Tape::new();
        let open = tape.open(Tag::Tuple, None, None);
        Self { tape, open }
    }

    /// Appends an element: a complete record.
    pub(crate) fn add(&mut self, record: &[u8]) {
        self.tape.begin_part(&self.open, None);
        self.tape.push_record(record);
        self.tape.end_part(&mut self.open);
    }

    /// The tape with the complete tuple.
    pub(crate) fn finish(mut self) -> Tape {
        self.tape.close(self.open);
        self.tape
    }
}

/// The header of a text or byte string.
fn text_header(tag: Tag, kept: usize, len: usize) -> [u8; TEXT_HEADER] {
    let mut header = [0; TEXT_HEADER];
    header[0] = tag as u8;
    header[1..5].copy_from_slice(&(kept as u32).to_le_bytes());
    header[5..9].copy_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    header
}

impl Clone for Tape {
    fn clone(&self) -> Self {
        let buffer = uncounted(|| self.buffer.clone());
        Self {
            buffer,
            len: self.len,
            depth: self.depth,
            skipping: self.skipping,
            inconsistent: self.inconsistent,
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let former = if buffer.len() <= MAX_SPARE_CAPACITY {
            SPARE.try_with(|spare| spare.replace(buffer)).unwrap_or_default()
        } else {
            buffer
        };
        if former.capacity() > 0 {
            uncounted(|| drop(former));
        }
    }
}

/// The longest prefix of a text that is at most `len_max` bytes long.
fn prefix(text: &str, len_max: usize) -> &str {
    let len_max = len_max.min(text.len());
    let end = (0..=len_max).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

//! For the harness: what saved bytes consist of, of which only the encodings of their pieces are known.
//!
//! A server saves bytes, and how it made them is its own affair: one encode, several encodes one after the
//! other, encodings that it kept and put together anew, or bytes of its own making. [`Fragments`] knows what
//! the server has encoded and finds it again.

mod index;
mod recent;

use std::ops::Range;

use crate::value::Value;

use index::Index;
use recent::Recent;

/// Bytes of one end of a change that are read again, for an encoding may reach across it.
const MARGIN: usize = 256;

/// A stretch of saved bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes were encoded before, from this value.
    Value(Value, Range<usize>),
    /// Nothing is known of these bytes.
    Bytes(Range<usize>),
}

impl Piece {
    /// Where it is in what was saved.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Value(_, range) | Self::Bytes(range) => range.clone(),
        }
    }

    fn move_to(&mut self, start: usize) {
        let (Self::Value(_, range) | Self::Bytes(range)) = self;
        *range = start..start + range.len();
    }
}

/// What a server has encoded, and what it saved last. One for each server.
///
/// Holds at most 4 MiB of encodings and their values. Before it were more, it forgets a quarter: what was not
/// added or found for the longest time, and is not in use. What was saved last is held besides, with its
/// pieces.
///
/// All of it is memory of the harness: who calls it sees to the account, save for that of the
/// [values](Value), which see to it themselves.
#[derive(Debug, Default)]
pub struct Fragments {
    /// What was encoded last, in order. The index has it when it is needed there.
    recent: Recent,
    known: Index,
    /// What was read last.
    saved: Vec<u8>,
    /// All of `saved`, in order and without gaps.
    pieces: Vec<Piece>,
}

impl Fragments {
    /// Nothing was encoded and nothing saved.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The server has encoded `value`, and `bytes` are what it became. If the same bytes were encoded from
    /// another value before, they mean this one from now on.
    pub fn add(&mut self, bytes: &[u8], value: &Value) {
        self.recent.add(bytes, value);
        if self.recent.is_full() {
            self.index_recent();
        }
    }

    #[cold]
    fn index_recent(&mut self) {
        for (bytes, value) in self.recent.take() {
            if self.known.is_full_for(&bytes, &value) {
                self.keep_what_is_in_use();
            }
            self.known.add(&bytes, &value);
        }
    }

    /// The pieces of what a server has saved, in order and without gaps.
    ///
    /// If all of it was encoded at once, it is one piece. Otherwise, what is at the beginning and at the end
    /// as in the save before has the same pieces as there. Of what is between, as few bytes as possible are
    /// [`Piece::Bytes`], and it has as few pieces as possible.
    ///
    /// Takes about as long as comparing the bytes with those before, and finding what is new.
    pub fn read(&mut self, saved: &[u8]) -> &[Piece] {
        let prefix = common_prefix(&self.saved, saved);
        if prefix == saved.len() && prefix == self.saved.len() {
            return &self.pieces;
        }
        if !self.read_in_order(saved, prefix) {
            self.index_recent();
            if let Some(value) = self.known.find(saved) {
                self.pieces.clear();
                self.pieces.push(Piece::Value(value, 0..saved.len()));
            } else {
                let suffix = common_suffix(&self.saved[prefix..], &saved[prefix..]);
                self.read_between(saved, prefix, suffix);
            }
        }
        self.recent.is_read();
        self.saved.truncate(prefix);
        self.saved.extend_from_slice(&saved[prefix..]);
        &self.pieces
    }

    /// What was [read](Self::read) last.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// As [`read`](Self::read), for bytes that have nothing to do with those that were read last. These stay
    /// as they are.
    #[must_use]
    pub fn read_once(&mut self, saved: &[u8]) -> Vec<Piece> {
        self.index_recent();
        if let Some(value) = self.known.find(saved) {
            return vec![Piece::Value(value, 0..saved.len())];
        }
        let mut pieces = Vec::new();
        for piece in self.known.cover(saved, 0..saved.len()) {
            push(&mut pieces, piece);
        }
        pieces
    }

    /// Tries whether what was encoded since the last save follows, in its order, on pieces of that save: so
    /// it is mostly. Changes nothing if it does not.
    fn read_in_order(&mut self, saved: &[u8], prefix: usize) -> bool {
        let kept = self.pieces.partition_point(|piece| piece.range().end <= prefix);
        let begin = kept.checked_sub(1).map_or(0, |last| self.pieces[last].range().end);
        // All of it may have been encoded anew, what is as before too.
        for (kept, begin) in [(0, 0), (kept, begin)] {
            if let Some(pieces) = self.recent.cover(saved, begin) {
                self.pieces.truncate(kept);
                self.pieces.extend(pieces);
                return true;
            }
        }
        false
    }

    /// Reads anew what is neither in the first `prefix` nor in the last `suffix` bytes, and a margin.
    fn read_between(&mut self, saved: &[u8], prefix: usize, suffix: usize) {
        let (first, begin) = self.end_of_prefix(prefix);
        let (last, end) = self.start_of_suffix(first, begin, suffix);
        let before = self.saved.len();
        let moved = |position: usize| position + saved.len() - before;

        let mut pieces = Vec::new();
        // Unknown bytes that stay are one piece with those beside them.
        let (mut from, mut to) = (first, last);
        if let Some(Piece::Bytes(range)) = self.pieces.get(first).filter(|piece| piece.range().start < begin)
        {
            pieces.push(Piece::Bytes(range.start..begin));
        } else if let Some(Piece::Bytes(range)) = first.checked_sub(1).map(|last| &self.pieces[last]) {
            pieces.push(Piece::Bytes(range.clone()));
            from -= 1;
        }
        for piece in self.known.cover(saved, begin..moved(end)) {
            push(&mut pieces, piece);
        }
        if let Some(Piece::Bytes(range)) = last.checked_sub(1).map(|last| &self.pieces[last])
            && range.end > end
        {
            push(&mut pieces, Piece::Bytes(moved(end)..moved(range.end)));
        } else if let Some(Piece::Bytes(range)) = self.pieces.get(last) {
            push(&mut pieces, Piece::Bytes(moved(range.start)..moved(range.end)));
            to += 1;
        }
        if saved.len() != before {
            for piece in &mut self.pieces[to..] {
                piece.move_to(moved(piece.range().start));
            }
        }
        self.pieces.splice(from..to, pieces);
    }

    /// The number of the first piece that is read again, and where to begin, which may be within that piece.
    fn end_of_prefix(&self, prefix: usize) -> (usize, usize) {
        let margin = prefix.saturating_sub(MARGIN);
        let first = self.pieces.partition_point(|piece| piece.range().end <= margin);
        match self.pieces.get(first) {
            // A long piece, which means what it meant.
            Some(Piece::Value(_, range)) if range.start < margin && range.end <= prefix => {
                (first + 1, range.end)
            }
            Some(Piece::Value(_, range)) => (first, range.start),
            Some(Piece::Bytes(_)) => (first, margin),
            None => (first, self.saved.len()),
        }
    }

    /// The number of the piece after the last one that is read again, and where to end, which may be within
    /// that last one.
    fn start_of_suffix(&self, first: usize, begin: usize, suffix: usize) -> (usize, usize) {
        let start = self.saved.len() - suffix;
        let margin = start + suffix.min(MARGIN);
        let last = self.pieces.partition_point(|piece| piece.range().start < margin);
        match last.checked_sub(1).filter(|last| *last >= first).map(|last| &self.pieces[last]) {
            Some(Piece::Value(_, range)) if range.end > margin && range.start >= start => {
                (last - 1, range.start)
            }
            Some(Piece::Value(_, range)) => (last, range.end),
            Some(Piece::Bytes(_)) => (last, margin),
            None => (first, begin),
        }
    }

    /// Forgets what was not added or found for the longest time, except what the latest save consists of.
    #[cold]
    fn keep_what_is_in_use(&mut self) {
        for piece in &self.pieces {
            if let Piece::Value(_, range) = piece {
                self.known.touch(&self.saved[range.clone()]);
            }
        }
        self.known.shrink();
    }
}

/// Appends a piece; unknown bytes become one piece with those before.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Bytes(before)), Piece::Bytes(range)) => before.end = range.end,
        (_, piece) => pieces.push(piece),
    }
}

/// Bytes that are compared at a time.
const BLOCK: usize = 512;

/// How many bytes two strings have in common at their beginnings.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    // A block at a time, which is a comparison of memory.
    let blocks = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let start = blocks * BLOCK;
    start + a[start..].iter().zip(&b[start..]).take_while(|(a, b)| a == b).count()
}

/// How many bytes two strings have in common at their ends.
fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let blocks = a.rchunks_exact(BLOCK).zip(b.rchunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let end = blocks * BLOCK;
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    end + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests;

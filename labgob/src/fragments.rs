//! For the harness: the values that saved bytes consist of, found by the encodings of their pieces.
//!
//! A server saves bytes that it may have made in any way: by one encode, several encodes one after the other,
//! encodings that it has stored and concatenated again, or without labgob. [`Fragments`] knows the values
//! that the server has encoded, and finds their encodings in the saved bytes.

mod index;
mod recent;

use std::ops::Range;

use crate::value::Value;

use index::Index;
use recent::Recent;

/// The number of bytes beside a change that are searched again, because an encoding may reach across its end.
const MARGIN: usize = 256;

/// A range of saved bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The encoding of this value.
    Value(Value, Range<usize>),
    /// Bytes that are no known encoding.
    Bytes(Range<usize>),
}

impl Piece {
    /// The range in the saved bytes.
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

/// The encodings of a server, and its latest save. One for each server.
///
/// It holds at most 4 MiB of encodings and their values. When that is reached, it drops a quarter: the least
/// recently added or found ones that are not in the latest save. The latest save and its pieces are held in
/// addition.
///
/// Its memory is the harness's: the caller must exempt it from the run's account. [Values](Value) do so
/// themselves.
#[derive(Debug, Default)]
pub struct Fragments {
    /// The latest encodings, in order. They are moved to the index when it is needed.
    recent: Recent,
    known: Index,
    /// The latest save.
    saved: Vec<u8>,
    /// The pieces of `saved`, in order and without gaps.
    pieces: Vec<Piece>,
}

impl Fragments {
    /// Makes an instance without encodings and without a save.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an encoding: the server has encoded `value` as `bytes`. If another value had the same encoding
    /// before, the bytes stand for this value from now on.
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
                self.shrink_index();
            }
            self.known.add(&bytes, &value);
        }
    }

    /// Splits a save of the server into pieces, in order and without gaps.
    ///
    /// A save that is one encoding is one piece. Otherwise a common prefix and suffix with the save before
    /// have the same pieces as there. Between them, as few bytes as possible are [`Piece::Bytes`], in as few
    /// pieces as possible.
    ///
    /// Takes time for comparing the bytes with those before, and for searching the changed range.
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
        self.recent.mark_saved();
        self.saved.truncate(prefix);
        self.saved.extend_from_slice(&saved[prefix..]);
        &self.pieces
    }

    /// The pieces of the latest save.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Splits bytes into pieces as [`read`](Self::read) does, without comparing them with the latest save,
    /// which remains the latest.
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

    /// Checks whether the save consists of pieces of the save before, followed by the encodings since, in
    /// their order, which is the most frequent case. Otherwise returns `false` and changes nothing.
    fn read_in_order(&mut self, saved: &[u8], prefix: usize) -> bool {
        let kept = self.pieces.partition_point(|piece| piece.range().end <= prefix);
        let begin = kept.checked_sub(1).map_or(0, |last| self.pieces[last].range().end);
        // Everything may have been encoded again, also the unchanged prefix.
        for (kept, begin) in [(0, 0), (kept, begin)] {
            if let Some(pieces) = self.recent.cover(saved, begin) {
                self.pieces.truncate(kept);
                self.pieces.extend(pieces);
                return true;
            }
        }
        self.read_after_new_head(saved)
    }

    /// Checks whether the save begins with encodings since the save before, goes on with the pieces that came
    /// after as many pieces there, and ends with encodings since: a new header before a log that has grown.
    /// Otherwise returns `false` and changes nothing.
    fn read_after_new_head(&mut self, saved: &[u8]) -> bool {
        let mut pieces = self.recent.head(saved);
        let Some(head_end) = pieces.last().map(|piece| piece.range().end) else { return false };
        let rest = self.pieces.get(pieces.len()..).unwrap_or_default();
        let Some(rest_begin) = rest.first().map(|piece| piece.range().start) else { return false };
        let same = common_prefix(&self.saved[rest_begin..], &saved[head_end..]);
        let mut end = head_end;
        for piece in rest.iter().take_while(|piece| piece.range().end <= rest_begin + same) {
            let mut piece = piece.clone();
            piece.move_to(end);
            end = piece.range().end;
            pieces.push(piece);
        }
        if end < saved.len() {
            let Some(tail) = self.recent.cover(saved, end) else { return false };
            pieces.extend(tail);
        }
        self.pieces = pieces;
        true
    }

    /// Searches the range between the first `prefix` and the last `suffix` bytes again, with a margin.
    fn read_between(&mut self, saved: &[u8], prefix: usize, suffix: usize) {
        let (first, begin) = self.end_of_prefix(prefix);
        let (last, end) = self.start_of_suffix(first, begin, suffix);
        let before = self.saved.len();
        let moved = |position: usize| position + saved.len() - before;

        let mut pieces = Vec::new();
        // Unchanged unknown bytes form one piece with unknown bytes beside them.
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

    /// The index of the first piece that is searched again, and the position to begin at, which may be within
    /// that piece.
    fn end_of_prefix(&self, prefix: usize) -> (usize, usize) {
        let margin = prefix.saturating_sub(MARGIN);
        let first = self.pieces.partition_point(|piece| piece.range().end <= margin);
        match self.pieces.get(first) {
            // A long piece that has not changed.
            Some(Piece::Value(_, range)) if range.start < margin && range.end <= prefix => {
                (first + 1, range.end)
            }
            Some(Piece::Value(_, range)) => (first, range.start),
            Some(Piece::Bytes(_)) => (first, margin),
            None => (first, self.saved.len()),
        }
    }

    /// The index of the piece after the last one that is searched again, and the position to end at, which
    /// may be within that last one.
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

    /// Drops the least recently used encodings, except those of the latest save.
    #[cold]
    fn shrink_index(&mut self) {
        for piece in &self.pieces {
            if let Piece::Value(_, range) = piece {
                self.known.touch(&self.saved[range.clone()]);
            }
        }
        self.known.shrink();
    }
}

/// Appends a piece. Adjacent unknown bytes become one piece.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Bytes(before)), Piece::Bytes(range)) => before.end = range.end,
        (_, piece) => pieces.push(piece),
    }
}

/// The number of bytes that are compared at a time.
const BLOCK: usize = 512;

/// The length of the common prefix.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    // A block at a time, which is a comparison of memory.
    let blocks = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let start = blocks * BLOCK;
    start + a[start..].iter().zip(&b[start..]).take_while(|(a, b)| a == b).count()
}

/// The length of the common suffix.
fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let blocks = a.rchunks_exact(BLOCK).zip(b.rchunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let end = blocks * BLOCK;
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    end + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests;

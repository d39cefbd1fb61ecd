//! [`Index`]: encodings sorted by their bytes, so that all prefixes of a byte string are found by range
//! queries.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use crate::value::Value;

use super::{Piece, common_prefix};

/// The greatest cost of all encodings and values, in bytes.
pub(super) const MAX_COST: usize = 4 << 20;

/// The cost of an encoding besides its bytes and its value.
const OVERHEAD: usize = 64;

/// Encodings, each with the latest value that was encoded so.
#[derive(Debug, Default)]
pub(super) struct Index {
    encodings: BTreeMap<Box<[u8]>, Encoding>,
    /// The number of encodings that begin with each byte. Most bytes begin none.
    beginning_with: FirstBytes,
    /// The total cost in bytes.
    cost: usize,
    /// A logical clock, which counts additions and searches.
    now: u64,
}

#[derive(Debug)]
struct Encoding {
    value: Value,
    /// The time at which it was added or found last.
    used: u64,
}

#[derive(Debug)]
struct FirstBytes([u32; 256]);

impl Default for FirstBytes {
    fn default() -> Self {
        Self([0; 256])
    }
}

/// A cover of the bytes up to a position by pieces.
#[derive(Clone, Copy)]
struct Cover {
    unknown: u32,
    pieces: u32,
    /// The position at which the last piece begins.
    from: u32,
}

impl Cover {
    fn is_better(self, other: Self) -> bool {
        (self.unknown, self.pieces) < (other.unknown, other.pieces)
    }
}

/// The best covers of the bytes up to a position.
#[derive(Clone, Copy, Default)]
struct Covers {
    /// With an encoding as the last piece, or without pieces.
    known: Option<Cover>,
    /// With unknown bytes as the last piece, after an encoding or at the beginning.
    unknown: Option<Cover>,
}

impl Covers {
    /// The better cover, and whether its last piece is an encoding.
    fn best(self) -> Option<(Cover, bool)> {
        match (self.known, self.unknown) {
            (Some(known), Some(unknown)) if unknown.is_better(known) => Some((unknown, false)),
            (Some(known), _) => Some((known, true)),
            (None, unknown) => unknown.map(|unknown| (unknown, false)),
        }
    }
}

fn improve(cover: &mut Option<Cover>, new: Cover) {
    if cover.is_none_or(|old| new.is_better(old)) {
        *cover = Some(new);
    }
}

fn cost(bytes: &[u8], value: &Value) -> usize {
    bytes.len() + value.byte_size() + OVERHEAD
}

impl Index {
    /// The total cost in bytes.
    #[cfg(test)]
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// Whether encodings must be dropped before this one is added.
    pub(super) fn is_full_for(&self, bytes: &[u8], value: &Value) -> bool {
        self.cost + cost(bytes, value) > MAX_COST
    }

    /// Adds an encoding, unless it is empty or too large for the index.
    pub(super) fn add(&mut self, bytes: &[u8], value: &Value) {
        if bytes.is_empty() || cost(bytes, value) > MAX_COST {
            return;
        }
        self.now += 1;
        let encoding = Encoding { value: value.clone(), used: self.now };
        self.cost += cost(bytes, value);
        if let Some(known) = self.encodings.get_mut(bytes) {
            self.cost -= cost(bytes, &known.value);
            *known = encoding;
        } else {
            self.beginning_with.0[usize::from(bytes[0])] += 1;
            self.encodings.insert(bytes.into(), encoding);
        }
    }

    /// The value with exactly this encoding.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<Value> {
        self.now += 1;
        let encoding = self.encodings.get_mut(bytes)?;
        encoding.used = self.now;
        Some(encoding.value.clone())
    }

    /// Marks an encoding as recently used.
    pub(super) fn touch(&mut self, bytes: &[u8]) {
        self.now += 1;
        if let Some(encoding) = self.encodings.get_mut(bytes) {
            encoding.used = self.now;
        }
    }

    /// Drops the least recently used encodings until a quarter of the capacity is free.
    #[cold]
    pub(super) fn shrink(&mut self) {
        let mut ages: Vec<_> =
            self.encodings.iter().map(|(bytes, it)| (it.used, cost(bytes, &it.value))).collect();
        ages.sort_unstable();
        let (mut cost_left, mut oldest) = (self.cost, 0);
        for (used, cost) in ages {
            if cost_left <= MAX_COST / 4 * 3 {
                break;
            }
            cost_left -= cost;
            oldest = used + 1;
        }
        let first_bytes = &mut self.beginning_with.0;
        self.encodings.retain(|bytes, encoding| {
            let stays = encoding.used >= oldest;
            first_bytes[usize::from(bytes[0])] -= u32::from(!stays);
            stays
        });
        self.cost = cost_left;
    }

    /// The lengths of all encodings that are prefixes of `bytes`, the longest first.
    fn prefix_lengths(&self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        let is_known = bytes.first().is_some_and(|first| self.beginning_with.0[usize::from(*first)] > 0);
        let mut rest = if is_known { bytes } else { &[] };
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                // A prefix of `rest` is also a prefix of everything between the two in the order.
                let upto = (Bound::Unbounded, Bound::Included(rest));
                let (encoding, _) = self.encodings.range::<[u8], _>(upto).next_back()?;
                let common = common_prefix(encoding, rest);
                if common == encoding.len() {
                    rest = &rest[..common - 1];
                    return Some(common);
                }
                rest = &rest[..common];
            }
            None
        })
    }

    /// Splits a range of `saved` into pieces.
    ///
    /// First it searches a cover by encodings alone. This is fast, since only the ends of encodings are
    /// considered. If there is none, each byte may also be unknown.
    pub(super) fn cover(&mut self, saved: &[u8], range: Range<usize>) -> Vec<Piece> {
        let bytes = &saved[range.clone()];
        let covers = self.covers(bytes, false).or_else(|| self.covers(bytes, true)).unwrap_or_default();
        let (mut pieces, mut end) = (Vec::new(), bytes.len());
        let mut last = covers.last().and_then(|last| last.best());
        while end > 0
            && let Some((cover, is_known)) = last
        {
            let start = cover.from as usize;
            let range = range.start + start..range.start + end;
            let value = if is_known { self.find(&bytes[start..end]) } else { None };
            pieces.push(value.map_or(Piece::Bytes(range.clone()), |value| Piece::Value(value, range)));
            let before = covers[start];
            last = if is_known { before.best() } else { before.known.map(|known| (known, true)) };
            end = start;
        }
        pieces.reverse();
        pieces
    }

    /// The best covers of the bytes up to each position; `None` if there is no cover of all bytes.
    fn covers(&self, bytes: &[u8], with_unknown: bool) -> Option<Vec<Covers>> {
        let mut covers = vec![Covers::default(); bytes.len() + 1];
        covers[0].known = Some(Cover { unknown: 0, pieces: 0, from: 0 });
        for position in 0..bytes.len() {
            let here = covers[position];
            let Some((best, _)) = here.best() else { continue };
            let from = position as u32;
            for len in self.prefix_lengths(&bytes[position..]) {
                let next = Cover { pieces: best.pieces + 1, from, ..best };
                improve(&mut covers[position + len].known, next);
            }
            if with_unknown {
                let next = &mut covers[position + 1].unknown;
                if let Some(known) = here.known {
                    improve(next, Cover { unknown: known.unknown + 1, pieces: known.pieces + 1, from });
                }
                if let Some(unknown) = here.unknown {
                    improve(next, Cover { unknown: unknown.unknown + 1, ..unknown });
                }
            }
        }
        covers[bytes.len()].best().map(|_| covers)
    }
}

//! [`Index`]: encodings in the order of their bytes, so that those with which some bytes begin are near each
//! other.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use crate::value::Value;

use super::{Piece, common_prefix};

/// Bytes of encodings and values that are kept.
pub(super) const BYTES_MAX: usize = 4 << 20;

/// What one costs besides its bytes.
const OVERHEAD: usize = 64;

/// Encodings, each with the value that it was made from last.
#[derive(Debug, Default)]
pub(super) struct Index {
    encodings: BTreeMap<Box<[u8]>, Encoding>,
    /// How many encodings begin with each byte: most bytes begin none.
    beginning_with: FirstBytes,
    /// What all cost.
    cost: usize,
    /// Counts what is added and found.
    now: u64,
}

#[derive(Debug)]
struct Encoding {
    value: Value,
    /// When it was added or found last.
    used: u64,
}

#[derive(Debug)]
struct FirstBytes([u32; 256]);

impl Default for FirstBytes {
    fn default() -> Self {
        Self([0; 256])
    }
}

/// How the bytes up to a position are covered.
#[derive(Clone, Copy)]
struct Cover {
    unknown: u32,
    pieces: u32,
    /// Where the last piece begins.
    from: u32,
}

impl Cover {
    fn is_better(self, other: Self) -> bool {
        (self.unknown, self.pieces) < (other.unknown, other.pieces)
    }
}

/// The best ways to cover the bytes up to a position.
#[derive(Clone, Copy, Default)]
struct Covers {
    /// With an encoding at the end, or nothing.
    known: Option<Cover>,
    /// With unknown bytes at the end. They follow an encoding, or nothing.
    unknown: Option<Cover>,
}

impl Covers {
    /// The better way, and whether its last piece is known.
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
    /// What is kept, in bytes.
    #[cfg(test)]
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// Whether something must be forgotten before this encoding is added.
    pub(super) fn is_full_for(&self, bytes: &[u8], value: &Value) -> bool {
        self.cost + cost(bytes, value) > BYTES_MAX
    }

    /// Adds an encoding, unless it is empty or larger than all that may be kept.
    pub(super) fn add(&mut self, bytes: &[u8], value: &Value) {
        if bytes.is_empty() || cost(bytes, value) > BYTES_MAX {
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

    /// The value of exactly these bytes.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<Value> {
        self.now += 1;
        let encoding = self.encodings.get_mut(bytes)?;
        encoding.used = self.now;
        Some(encoding.value.clone())
    }

    /// Takes it that these bytes are in use.
    pub(super) fn touch(&mut self, bytes: &[u8]) {
        self.now += 1;
        if let Some(encoding) = self.encodings.get_mut(bytes) {
            encoding.used = self.now;
        }
    }

    /// Forgets what was not used for the longest time, until a quarter is free.
    #[cold]
    pub(super) fn shrink(&mut self) {
        let mut ages: Vec<_> =
            self.encodings.iter().map(|(bytes, it)| (it.used, cost(bytes, &it.value))).collect();
        ages.sort_unstable();
        let (mut cost_left, mut oldest) = (self.cost, 0);
        for (used, cost) in ages {
            if cost_left <= BYTES_MAX / 4 * 3 {
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

    /// The lengths of all encodings with which `bytes` begin, the longest first.
    fn lengths(&self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        let is_known = bytes.first().is_some_and(|first| self.beginning_with.0[usize::from(*first)] > 0);
        let mut rest = if is_known { bytes } else { &[] };
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                // If an encoding is a beginning of `rest`, then so it is of all that is between the two.
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

    /// The pieces of a range of `saved`.
    ///
    /// First it is found out whether encodings cover all of it. This is quick, since only the ends of
    /// encodings matter. If they do not, each byte may also be unknown.
    pub(super) fn cover(&mut self, saved: &[u8], range: Range<usize>) -> Vec<Piece> {
        let bytes = &saved[range.clone()];
        let covers = self.covers(bytes, false).or_else(|| self.covers(bytes, true)).unwrap_or_default();
        let (mut pieces, mut end) = (Vec::new(), bytes.len());
        let mut last = covers.last().and_then(|last| last.best());
        while end > 0
            && let Some((cover, is_known)) = last
        {
            let start = cover.from as usize;
            let place = range.start + start..range.start + end;
            let value = if is_known { self.find(&bytes[start..end]) } else { None };
            pieces.push(value.map_or(Piece::Bytes(place.clone()), |value| Piece::Value(value, place)));
            let before = covers[start];
            last = if is_known { before.best() } else { before.known.map(|known| (known, true)) };
            end = start;
        }
        pieces.reverse();
        pieces
    }

    /// The best ways to cover the bytes up to each position; `None` if there is none for all bytes.
    fn covers(&self, bytes: &[u8], with_unknown: bool) -> Option<Vec<Covers>> {
        let mut covers = vec![Covers::default(); bytes.len() + 1];
        covers[0].known = Some(Cover { unknown: 0, pieces: 0, from: 0 });
        for position in 0..bytes.len() {
            let here = covers[position];
            let Some((best, _)) = here.best() else { continue };
            let from = position as u32;
            for len in self.lengths(&bytes[position..]) {
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

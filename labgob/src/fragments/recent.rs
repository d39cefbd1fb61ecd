//! [`Recent`]: the latest encodings, in their order.

use crate::value::Value;

use super::Piece;

/// The cost in bytes from which on the encodings are moved to the index.
const MAX_COST: usize = 256 << 10;

/// The encodings that are not in the index yet.
#[derive(Debug, Default)]
pub(super) struct Recent {
    encodings: Vec<(Box<[u8]>, Value)>,
    cost: usize,
    /// The number of encodings at the time of the latest save.
    at_last_save: usize,
}

impl Recent {
    pub(super) fn add(&mut self, bytes: &[u8], value: &Value) {
        if !bytes.is_empty() {
            self.cost += bytes.len() + value.byte_size();
            self.encodings.push((bytes.into(), value.clone()));
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.cost > MAX_COST
    }

    pub(super) fn take(&mut self) -> Vec<(Box<[u8]>, Value)> {
        (self.cost, self.at_last_save) = (0, 0);
        std::mem::take(&mut self.encodings)
    }

    /// Remembers that the server has saved now.
    pub(super) fn mark_saved(&mut self) {
        self.at_last_save = self.encodings.len();
    }

    /// The pieces at the beginning of `saved` that are encodings since the latest save, in their order. Other
    /// encodings may be between them.
    pub(super) fn head(&self, saved: &[u8]) -> Vec<Piece> {
        self.in_order(saved, 0)
    }

    fn in_order(&self, saved: &[u8], begin: usize) -> Vec<Piece> {
        let (mut position, mut pieces) = (begin, Vec::new());
        for (bytes, value) in &self.encodings[self.at_last_save..] {
            if saved[position..].starts_with(bytes) {
                let end = position + bytes.len();
                pieces.push(Piece::Value(value.clone(), position..end));
                position = end;
            }
        }
        pieces
    }

    /// The pieces of `saved` from `begin` on, if they are encodings since the latest save, in their order.
    /// Other encodings may be between them.
    pub(super) fn cover(&self, saved: &[u8], begin: usize) -> Option<Vec<Piece>> {
        let pieces = self.in_order(saved, begin);
        pieces.last().is_some_and(|last| last.range().end == saved.len()).then_some(pieces)
    }
}

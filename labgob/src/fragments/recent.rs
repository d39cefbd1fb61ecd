//! [`Recent`]: what was encoded last, in the order in which it was.

use crate::value::Value;

use super::Piece;

/// Bytes of encodings and values that are kept.
const BYTES_MAX: usize = 256 << 10;

/// The encodings that the index does not have yet.
#[derive(Debug, Default)]
pub(super) struct Recent {
    encodings: Vec<(Box<[u8]>, Value)>,
    cost: usize,
    /// How many of them were there when something was saved last.
    read: usize,
}

impl Recent {
    pub(super) fn add(&mut self, bytes: &[u8], value: &Value) {
        if !bytes.is_empty() {
            self.cost += bytes.len() + value.byte_size();
            self.encodings.push((bytes.into(), value.clone()));
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.cost > BYTES_MAX
    }

    pub(super) fn take(&mut self) -> Vec<(Box<[u8]>, Value)> {
        (self.cost, self.read) = (0, 0);
        std::mem::take(&mut self.encodings)
    }

    /// Something was saved.
    pub(super) fn is_read(&mut self) {
        self.read = self.encodings.len();
    }

    /// The pieces of `saved` from `begin` on, if they are what was encoded since the last save, in its order.
    /// Some of that may have gone elsewhere.
    pub(super) fn cover(&self, saved: &[u8], begin: usize) -> Option<Vec<Piece>> {
        let (mut position, mut pieces) = (begin, Vec::new());
        for (bytes, value) in &self.encodings[self.read..] {
            if saved[position..].starts_with(bytes) {
                let end = position + bytes.len();
                pieces.push(Piece::Value(value.clone(), position..end));
                position = end;
            }
        }
        (position == saved.len() && !pieces.is_empty()).then_some(pieces)
    }
}

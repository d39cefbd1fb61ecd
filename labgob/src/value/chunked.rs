//! [`ChunkedValue`]: a value in chunks that are shared with the version before.

use std::sync::Arc;

use super::Value;

/// The size of a chunk in bytes.
const CHUNK: usize = 1024;

/// A value in chunks of 1 KiB, for storing many versions of it. A chunk that equals the one at the same
/// position of the version before is stored once: of a log that grows, only the end takes memory.
///
/// Its memory is charged to the thread that makes it.
#[derive(Clone, Debug)]
pub struct ChunkedValue {
    chunks: Arc<[Arc<[u8]>]>,
}

impl ChunkedValue {
    /// Stores a value, sharing chunks with the version `before`. The second result is the memory that this
    /// takes, in bytes.
    #[must_use]
    pub fn new(value: &Value, before: Option<&Self>) -> (Self, usize) {
        let known = before.map_or(&[][..], |before| &before.chunks);
        let mut fresh = 0;
        let chunk = |(position, chunk): (usize, &[u8])| {
            if let Some(same) = known.get(position).filter(|known| ***known == *chunk) {
                return Arc::clone(same);
            }
            fresh += chunk.len();
            chunk.into()
        };
        let chunks: Arc<[Arc<[u8]>]> = value.record().bytes().chunks(CHUNK).enumerate().map(chunk).collect();
        fresh += size_of_val(&*chunks);
        (Self { chunks }, fresh)
    }

    /// The stored value.
    #[must_use]
    pub fn value(&self) -> Value {
        Value::new(&self.chunks.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(term: u64, entries: u64) -> Value {
        Value::of(&(term, (0..entries).map(|entry| (entry, "a command")).collect::<Vec<_>>())).unwrap()
    }

    #[test]
    fn a_kept_value_is_what_it_was() {
        let mut before = None;
        for (term, entries) in [(1, 0), (1, 500), (2, 500), (300, 501), (300, 7)] {
            let value = log(term, entries);
            let (kept, _) = ChunkedValue::new(&value, before.as_ref());
            assert_eq!(kept.value(), value);
            before = Some(kept);
        }
    }

    #[test]
    fn a_part_of_a_value_is_kept_by_itself() {
        let value = log(7, 100);
        let part = value.index(1).unwrap();
        let (kept, _) = ChunkedValue::new(&part, None);
        assert_eq!(kept.value(), part);
    }

    #[test]
    fn what_has_not_changed_is_kept_once() {
        let (before, all) = ChunkedValue::new(&log(1, 1000), None);
        let (_, appended) = ChunkedValue::new(&log(1, 1001), Some(&before));
        let (_, new_term) = ChunkedValue::new(&log(9, 1000), Some(&before));
        assert!(all > 30_000, "{all}");
        for bytes in [appended, new_term] {
            assert!(bytes < 3 * CHUNK + size_of_val(&*before.chunks), "{bytes}");
        }
    }
}

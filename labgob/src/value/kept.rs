//! [`Kept`]: a value that is kept beside others that are much like it.

use std::sync::Arc;

use super::Value;

/// Bytes that are shared together.
const CHUNK: usize = 1024;

/// A value that is kept for long. What it has in common with the one before, such as all of a log but the
/// entry at its end, is kept once: whatever is at the same place, in chunks of 1 KiB.
///
/// Its memory belongs to whoever makes it.
#[derive(Clone, Debug)]
pub struct Kept {
    chunks: Arc<[Arc<[u8]>]>,
}

impl Kept {
    /// Keeps a value, beside the one that was kept `before`. Answers also the bytes that this takes.
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

    /// The value again.
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
            let (kept, _) = Kept::new(&value, before.as_ref());
            assert_eq!(kept.value(), value);
            before = Some(kept);
        }
    }

    #[test]
    fn a_part_of_a_value_is_kept_by_itself() {
        let value = log(7, 100);
        let part = value.index(1).unwrap();
        let (kept, _) = Kept::new(&part, None);
        assert_eq!(kept.value(), part);
    }

    #[test]
    fn what_has_not_changed_is_kept_once() {
        let (before, all) = Kept::new(&log(1, 1000), None);
        let (_, appended) = Kept::new(&log(1, 1001), Some(&before));
        let (_, new_term) = Kept::new(&log(9, 1000), Some(&before));
        assert!(all > 30_000, "{all}");
        for bytes in [appended, new_term] {
            assert!(bytes < 3 * CHUNK + size_of_val(&*before.chunks), "{bytes}");
        }
    }
}

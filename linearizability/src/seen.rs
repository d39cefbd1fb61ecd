//! [`Seen`]: the configurations that the search has visited.

/// A configuration of the search is a triple: the first return that has not been passed, the state, and the
/// set of settled operations among those that are under way at that return.
///
/// It determines the set of all settled operations: those that returned before are settled, those that are
/// called after are not. A configuration takes `8 + 8 * words` bytes, where a word has room for 64 operations
/// under way at a time, however long the history is. The table is written here so that its size is known
/// exactly.
pub(crate) struct Seen {
    words: usize,
    /// For each configuration: frontier and state in one word, then the mask.
    places: Vec<u64>,
    /// Positions in `places` plus 1, 0 for a free slot. The length is a power of two.
    slots: Vec<u32>,
    len: usize,
}

const FIRST_SLOTS: usize = 64;

impl Seen {
    pub fn new(words: usize) -> Self {
        Self { words, places: Vec::new(), slots: vec![0; FIRST_SLOTS], len: 0 }
    }

    /// Adds a configuration; returns whether it is new.
    pub fn insert(&mut self, frontier: u32, state: u32, mask: &[u64]) -> bool {
        let first = u64::from(frontier) << 32 | u64::from(state);
        let width = 1 + self.words;
        let mut slot = self.slot(hash(first, mask));
        while self.slots[slot] != 0 {
            let place = (self.slots[slot] as usize - 1) * width;
            if self.places[place] == first && self.places[place + 1..place + width] == *mask {
                return false;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.len += 1;
        self.slots[slot] = u32::try_from(self.len).expect("the bytes of 2^32 places are over any budget");
        self.places.push(first);
        self.places.extend_from_slice(mask);
        // Half of the slots stay free, so that lookups are short.
        if self.len * 2 > self.slots.len() {
            self.grow();
        }
        true
    }

    /// The memory of the configurations and the table, in bytes.
    pub fn bytes(&self) -> usize {
        self.places.len() * size_of::<u64>() + self.slots.len() * size_of::<u32>()
    }

    fn slot(&self, hash: u64) -> usize {
        // The high bits of a product are the well-mixed ones.
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        let width = 1 + self.words;
        for (position, place) in (1..).zip(self.places.chunks_exact(width)) {
            let mut slot = self.slot(hash(place[0], &place[1..]));
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = position;
        }
    }
}

/// The same on every machine. Verdicts do not depend on the hash, but the number of steps must not either.
fn hash(first: u64, mask: &[u64]) -> u64 {
    let mut hash = first.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for &word in mask {
        hash = (hash.rotate_left(29) ^ word).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }
    hash ^ hash >> 29
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_configuration_counts_also_after_growth() {
        let mut seen = Seen::new(2);
        let places =
            || (0..20).flat_map(|f| (0..20).flat_map(move |s| (0..4).map(move |m| (f, s, [m & 1, m >> 1]))));
        for (frontier, state, mask) in places() {
            assert!(seen.insert(frontier, state, &mask), "{frontier} {state} {mask:?}");
        }
        for (frontier, state, mask) in places() {
            assert!(!seen.insert(frontier, state, &mask), "{frontier} {state} {mask:?}");
        }
        assert_eq!(seen.bytes(), 1600 * 24 + 4096 * 4);
    }
}

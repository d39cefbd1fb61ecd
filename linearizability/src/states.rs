//! [`States`]: the states that a search has met, each stored once.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::model::Model;

/// States by number.
pub(crate) struct States<S> {
    /// By hash: the last state that has it.
    numbers: FxHashMap<u64, u32>,
    states: Vec<S>,
    /// For each state: another one of the same hash, or itself.
    others: Vec<u32>,
    bytes: usize,
}

impl<S: Clone + Eq + Hash> States<S> {
    pub fn new() -> Self {
        Self { numbers: FxHashMap::default(), states: Vec::new(), others: Vec::new(), bytes: 0 }
    }

    /// The state of that number.
    pub fn get(&self, number: u32) -> &S {
        &self.states[number as usize]
    }

    /// The memory of the states, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of a state, and its size in bytes.
    pub fn number<M: Model<State = S>>(&mut self, model: &M, state: S) -> (u32, usize) {
        let (hash, size) = hash_and_size(&state);
        let first = self.numbers.get(&hash).copied();
        let mut same = first;
        while let Some(number) = same {
            if self.states[number as usize] == state {
                return (number, size);
            }
            let other = self.others[number as usize];
            same = (other != number).then_some(other);
        }
        let number = u32::try_from(self.states.len()).expect("2^32 states are over any budget");
        // Twice the size, for the tables and for the allocator.
        self.bytes += 2 * model.state_bytes(&state) + size_of::<u32>();
        self.states.push(state);
        self.others.push(first.unwrap_or(number));
        self.numbers.insert(hash, number);
        (number, size)
    }
}

/// The size of a value in bytes, as far as its `Hash` shows: including what it points to.
pub(crate) fn content_bytes(value: &impl Hash) -> usize {
    hash_and_size(value).1
}

/// The size of a state for which a step counts once more, in bytes. To make and hash so many bytes takes
/// about as long as to try an operation.
const BYTES_A_STEP: usize = 256;

/// The cost of a step that made a state of `size` bytes, besides 1.
pub(crate) fn more_steps(size: usize) -> u64 {
    (size / BYTES_A_STEP) as u64
}

/// The cost of a step that made this state.
pub(crate) fn count_step(state: &impl Hash) -> u64 {
    1 + more_steps(content_bytes(state))
}

fn hash_and_size(value: &impl Hash) -> (u64, usize) {
    let mut hasher = Counting { hasher: FxHasher::default(), bytes: 0 };
    value.hash(&mut hasher);
    (hasher.finish(), hasher.bytes)
}

/// A hasher that counts the bytes hashed.
struct Counting {
    hasher: FxHasher,
    bytes: usize,
}

/// Numbers are passed on as numbers: hashing them byte by byte would be slower.
macro_rules! numbers {
    ($($write:ident $number:ty)*) => {$(
        #[inline]
        fn $write(&mut self, number: $number) {
            self.bytes += size_of::<$number>();
            self.hasher.$write(number);
        }
    )*};
}

impl Hasher for Counting {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.hasher.write(bytes);
    }

    numbers! { write_u8 u8 write_u16 u16 write_u32 u32 write_u64 u64 write_u128 u128 write_usize usize }

    #[inline]
    fn finish(&self) -> u64 {
        self.hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Register;

    #[test]
    fn a_state_has_one_number_and_as_many_bytes_as_it_points_to() {
        let mut states = States::new();
        let mut number = |text: &str| states.number(&Register, text.into());
        let (first, size) = number("");
        assert_eq!(number(""), (first, size));
        let (second, larger) = number(&"x".repeat(1000));
        assert_ne!(first, second);
        assert_eq!(larger - size, 1000);
        assert_eq!(number(&"x".repeat(1000)), (second, larger));
        assert!(states.bytes() > 1000 && states.bytes() < 2100, "{}", states.bytes());
        assert_eq!(states.get(second).len(), 1000);
    }
}

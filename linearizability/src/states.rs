//! [`States`]: each state that a search has met, once.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::model::Model;

/// States by number.
pub(crate) struct States<S> {
    /// By hash: the last state that has it.
    numbers: FxHashMap<u64, u32>,
    states: Vec<S>,
    /// Of each state: another one of the same hash, or itself.
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

    /// The number of a state, and how many bytes it consists of.
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
        // As much again for the tables, and for what the allocator needs.
        self.bytes += 2 * model.state_bytes(&state) + size_of::<u32>();
        self.states.push(state);
        self.others.push(first.unwrap_or(number));
        self.numbers.insert(hash, number);
        (number, size)
    }
}

/// How many bytes a value consists of, as far as its `Hash` knows: what it points to included.
pub(crate) fn content_bytes(value: &impl Hash) -> usize {
    hash_and_size(value).1
}

/// A step that makes a state of so many bytes counts twice, one that makes a state of twice as many thrice,
/// and so on: it takes about as long to make them, and to hash them, as to try an operation.
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

/// Counts what is hashed.
struct Counting {
    hasher: FxHasher,
    bytes: usize,
}

/// Numbers are handed on as such: hashed byte by byte they would take longer.
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

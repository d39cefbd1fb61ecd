//! [`Key`]: the key that a report must carry to count.
//!
//! It is made and sent to the worker when the worker says that the run's lab code has ended. While lab code
//! runs, its process has no valid key.

use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::hash::BuildHasher;

/// A random text of 128 bits, different for each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    pub(super) fn fresh() -> Self {
        // std's hash maps get their keys from the system's randomness.
        let mut key = String::new();
        for number in 0..2 {
            write!(key, "{:016x}", RandomState::new().hash_one(number)).expect("a string takes any text");
        }
        Self(key)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ() {
        let (one, other) = (Key::fresh(), Key::fresh());
        assert_eq!(one.as_str().len(), 32);
        assert_ne!(one, other);
        assert_ne!(one.as_str()[..16], one.as_str()[16..]);
    }
}

//! Seeds: the number that decides a whole run.
//!
//! A seed is any 64-bit number. It is printed in hexadecimal (`0x1f`) and read in decimal or hexadecimal, so
//! that a printed seed can be given back.

use std::hash::{BuildHasher, RandomState};

/// A text that is not a seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a seed: give a whole number below 2^64, decimal (31) or hexadecimal (0x1f)")]
pub struct BadSeed {
    /// The text as it was given.
    pub text: String,
}

/// Reads a seed: `31`, or the same in hexadecimal, `0x1f`.
///
/// # Errors
///
/// [`BadSeed`] for anything that is not a whole number below 2⁶⁴ in one of the two notations.
pub fn parse(text: &str) -> Result<u64, BadSeed> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (text, 10),
    };
    // `from_str_radix` would also take a sign.
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(BadSeed { text: text.to_owned() });
    }
    u64::from_str_radix(digits, radix).map_err(|_| BadSeed { text: text.to_owned() })
}

/// Writes a seed as [`parse`] reads it: `0x1f`.
#[must_use]
pub fn format(seed: u64) -> String {
    format!("{seed:#x}")
}

/// A random seed, for a run without `--seed`.
///
/// It has 32 bits only, so that it can be read aloud and typed in.
#[must_use]
pub fn fresh() -> u64 {
    // std draws the keys of its hash maps from the operating system: randomness without a crate.
    RandomState::new().hash_one("a fresh seed") >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_notations() {
        assert_eq!(parse("31"), Ok(31));
        assert_eq!(parse("0x1f"), Ok(31));
        assert_eq!(parse("0XFFFFFFFFFFFFFFFF"), Ok(u64::MAX));
        assert_eq!(parse("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn refuses_texts_that_are_no_numbers() {
        for text in ["", "0x", "-1", "+1", "1f", "0x1g", " 1", "18446744073709551616", "0x-1", "one"] {
            assert_eq!(parse(text), Err(BadSeed { text: text.to_owned() }));
        }
    }

    #[test]
    fn reads_what_it_wrote() {
        for seed in [0, 1, 31, u64::MAX] {
            assert_eq!(parse(&format(seed)), Ok(seed));
        }
    }

    #[test]
    fn fresh_seeds_differ() {
        let seeds: std::collections::HashSet<u64> = (0..20).map(|_| fresh()).collect();
        assert!(seeds.len() > 1, "twenty fresh seeds were all the same");
    }
}

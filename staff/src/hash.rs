//! [`Fnv`]: a stable hash of sources.

use std::fmt;

/// The 64-bit FNV-1a hash: std's own hasher promises nothing about the next release of Rust.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a field: its length and its bytes, so that field boundaries count.
    pub(crate) fn field(&mut self, bytes: &[u8]) {
        for &byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

impl fmt::Display for Fnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_two_fields_counts() {
        let of = |fields: &[&str]| {
            let mut hash = Fnv::new();
            fields.iter().for_each(|field| hash.field(field.as_bytes()));
            hash.to_string()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
    }
}

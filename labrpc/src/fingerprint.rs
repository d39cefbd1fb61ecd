//! The hash of a message in the run's fingerprint. It is the same on every machine, and fast, because every
//! byte that is sent is hashed.

/// Odd, with about as many ones as zeros.
const KEYS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];

/// The kind of a transmission.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Direction {
    Request = 1,
    Reply = 2,
    /// The second transmission of a duplicated request.
    Copy = 3,
}

/// The hash of one message: its bytes, method, end point and server address.
pub(crate) fn of_message(direction: Direction, method: &str, from: u32, to: u32, bytes: &[u8]) -> u64 {
    let hash = mix(u64::from(from) << 32 | u64::from(to), direction as u64);
    let hash = fold(hash, method.as_bytes());
    fold(hash, bytes)
}

/// Both halves of the product of 128 bits: every bit of the result depends on all of the input.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ KEYS[0]) * u128::from(b ^ KEYS[1]);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Hashes sixteen bytes with each multiplication.
#[inline]
fn fold(hash: u64, bytes: &[u8]) -> u64 {
    let mut hash = mix(hash, bytes.len() as u64);
    let (chunks, rest) = bytes.as_chunks::<16>();
    for chunk in chunks {
        let words = u128::from_le_bytes(*chunk);
        hash = mix(words as u64 ^ hash, (words >> 64) as u64);
    }
    if !rest.is_empty() {
        let (first, last) = ends_of(rest);
        hash = mix(first ^ hash, last);
    }
    hash
}

/// Fewer than sixteen bytes as two words. They may overlap: nothing is lost, because the length is hashed
/// too. This is faster than padding.
#[inline]
fn ends_of(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into()),
        // Three bytes at the most: the first, the middle, and the last.
        _ => {
            let byte = |at: usize| u64::from(bytes[at]);
            (byte(0) << 8 | byte(bytes.len() / 2), byte(bytes.len() - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Direction, of_message};

    /// Two messages that differ in any part have different hashes.
    #[test]
    fn every_part_is_hashed() {
        let mut hashes = HashSet::new();
        let long = [7u8; 100];
        for len in 0..100 {
            assert!(hashes.insert(of_message(Direction::Request, "R.m", 1, 2, &long[..len])));
            let mut touched = long;
            touched[len] = 8;
            assert!(hashes.insert(of_message(Direction::Request, "R.m", 1, 2, &touched)));
        }
        assert!(hashes.insert(of_message(Direction::Reply, "R.m", 1, 2, &long)));
        assert!(hashes.insert(of_message(Direction::Request, "R.n", 1, 2, &long)));
        assert!(hashes.insert(of_message(Direction::Request, "R.m", 2, 1, &long)));
        assert!(hashes.insert(of_message(Direction::Request, "R.m", 1, 3, &long)));
        // A byte moved from the method to the message.
        assert!(hashes.insert(of_message(Direction::Request, "ab", 0, 0, b"c")));
        assert!(hashes.insert(of_message(Direction::Request, "a", 0, 0, b"bc")));
    }

    /// A recorded value: the fingerprint of a run must not depend on the machine or the compiler.
    #[test]
    fn is_the_same_everywhere() {
        let hash = of_message(Direction::Request, "Raft.request_vote", 3, 4, b"twenty bytes, or so..");
        assert_eq!(hash, 0x3143_3407_40d1_1df2);
    }
}

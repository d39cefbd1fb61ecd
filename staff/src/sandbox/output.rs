//! [`read_bounded`]: what another program prints, however much it is.

use std::io::{self, Read};

/// What was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The first bytes, at most as many as were asked for.
    pub bytes: Vec<u8>,
    /// How many bytes came after them, which are lost.
    pub lost: u64,
}

/// Reads all of `from` and keeps the first `most` bytes, so that the writer neither waits for a reader nor
/// fills the memory. No limit of the sandbox counts what goes into a pipe; what ends an endless writer is its
/// limit of processor time, or its parent.
///
/// # Errors
///
/// Those of reading.
pub fn read_bounded<R: Read>(mut from: R, most: usize) -> io::Result<Printed> {
    let mut bytes = Vec::new();
    from.by_ref().take(most as u64).read_to_end(&mut bytes)?;
    let lost = io::copy(&mut from, &mut io::sink())?;
    Ok(Printed { bytes, lost })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_kept_and_the_others_counted() {
        let read = |most| read_bounded(&b"abcdef"[..], most).expect("read");
        assert_eq!(read(4), Printed { bytes: b"abcd".to_vec(), lost: 2 });
        assert_eq!(read(6), Printed { bytes: b"abcdef".to_vec(), lost: 0 });
    }
}

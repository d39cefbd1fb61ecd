//! [`read_bounded`]: bounded reading of another program's output.

use std::io::{self, Read};

/// The output of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The first bytes, up to the requested number.
    pub bytes: Vec<u8>,
    /// The number of discarded bytes after them.
    pub lost: u64,
}

/// Reads all of `from` and keeps the first `most` bytes, so that the writer neither blocks nor fills the
/// memory. The sandbox does not limit output into a pipe; its limit on processor time, or its parent, ends an
/// endless writer.
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

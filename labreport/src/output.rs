//! [`Output`]: a writer that escapes the output of a process while it runs.

use std::io::{self, Write};

use crate::text::visible;

/// Longer lines are passed on in pieces, so that a line without end takes no memory.
const LONGEST_LINE: usize = 64 << 10;

/// A writer that passes lines on to another writer, as [`visible`] shows them.
#[derive(Debug)]
pub struct Output<W> {
    to: W,
    line: Vec<u8>,
}

impl<W: Write> Output<W> {
    /// A writer that passes on to `to`.
    pub fn new(to: W) -> Self {
        Self { to, line: Vec::new() }
    }

    /// Passes on the last line, which has no line break.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.pass_on()
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let line = visible(&String::from_utf8_lossy(&self.line));
        self.line.clear();
        self.to.write_all(line.as_bytes())?;
        self.to.flush()
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() >= LONGEST_LINE {
                self.pass_on()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // An incomplete line may end within a character, so it is kept.
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_split_over_writes_are_joined() {
        let mut to = Vec::new();
        let mut output = Output::new(&mut to);
        for byte in "größe\u{1b}[2J\nlast\u{9b}".bytes() {
            output.write_all(&[byte]).unwrap();
        }
        output.finish().unwrap();
        assert_eq!(String::from_utf8(to).unwrap(), "größe\\u{1b}[2J\nlast\\u{9b}");
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut to = Vec::new();
        let mut output = Output::new(&mut to);
        output.write_all(&vec![b'x'; 3 * LONGEST_LINE]).unwrap();
        assert!(output.line.len() <= LONGEST_LINE);
        output.finish().unwrap();
        assert_eq!(to.len(), 3 * LONGEST_LINE);
    }
}

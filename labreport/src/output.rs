//! [`Output`]: what a process prints, made visible while it comes in.

use std::io::{self, Write};

use crate::text::visible;

/// A longer line is passed on in pieces.
const LONGEST_LINE: usize = 64 << 10;

/// Passes on what is written to it, line by line, as [`visible`] shows it.
#[derive(Debug)]
pub struct Output<W> {
    to: W,
    line: Vec<u8>,
}

impl<W: Write> Output<W> {
    /// Passes on to `to`.
    pub fn new(to: W) -> Self {
        Self { to, line: Vec::new() }
    }

    /// Passes on the last line, which has no end.
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
        // What has come of a line may end within a character.
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_together() {
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

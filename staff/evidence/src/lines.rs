//! [`Lines`]: the lines of a stream, from a process that is not trusted.

use std::io::{BufRead, Read};

use lab::run::Header;

use super::event::{Event, Parties};
use super::flaw::{Area, Flaw};

/// The most bytes of a line. Longer contents are abridged.
const MAX_LINE: u64 = 1 << 20;

/// The most events: as many as a recording keeps.
pub(super) const MAX_EVENTS: u64 = 1_000_000;

/// Reads a stream line by line, and keeps one line of it.
pub(super) struct Lines<R> {
    from: R,
    line: Vec<u8>,
    read: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, line: Vec::new(), read: 0 }
    }

    /// The first line.
    pub(super) fn header(&mut self) -> Result<Header, Flaw> {
        if !self.advance()? {
            return Err(Flaw::new(Area::Form, "there are no events"));
        }
        serde_json::from_slice(&self.line).map_err(|_| self.unreadable())
    }

    /// The next event; `None` at the end.
    pub(super) fn event(&mut self, parties: &mut Parties) -> Result<Option<Event<'_>>, Flaw> {
        if !self.advance()? {
            return Ok(None);
        }
        if self.read > MAX_EVENTS + 1 {
            return Err(Flaw::new(Area::Form, "there are more events than are recorded"));
        }
        let unreadable = self.unreadable();
        let mut event: Event<'_> = serde_json::from_slice(&self.line).map_err(|_| unreadable)?;
        parties.name(&mut event)?;
        Ok(Some(event))
    }

    /// Reads a line. Returns whether there is one.
    fn advance(&mut self) -> Result<bool, Flaw> {
        self.line.clear();
        let read = self.from.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line);
        self.read += 1;
        match read {
            Ok(0) => Ok(false),
            Ok(_) if self.line.ends_with(b"\n") => Ok(true),
            _ => Err(self.unreadable()),
        }
    }

    fn unreadable(&self) -> Flaw {
        Flaw::new(Area::Form, format!("line {} cannot be read", self.read))
    }
}

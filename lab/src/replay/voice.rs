//! [`Voice`]: where a replay prints what people read.

use std::io::{self, Write};

use crate::report::paint::Paint;

/// The destination of lines for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// The standard output.
    StandardOutput,
    /// The standard error, because a program reads the standard output.
    StandardError,
}

impl Voice {
    /// The colours of what it says.
    pub(super) fn paint(self) -> Paint {
        Paint::for_stdout()
    }

    /// Prints a line. A reader who closed the pipe has seen enough.
    pub(super) fn say(self, line: &str) {
        let line = self.paint().printable(line);
        let _ = match self {
            Self::StandardOutput => writeln!(io::stdout(), "{line}"),
            Self::StandardError => writeln!(io::stderr(), "{line}"),
        };
    }
}

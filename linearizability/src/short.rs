//! [`Short`]: a value in a message.

use std::fmt;

/// A value in quotes, without its middle if it is long.
pub(crate) struct Short<'a>(pub &'a str);

/// The most characters of a value that are printed.
const SHORT: usize = 40;

impl Short<'_> {
    /// Whether it is printed with its middle.
    pub fn is_whole(&self) -> bool {
        self.0.chars().count() <= SHORT
    }
}

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.chars().count();
        if count <= SHORT {
            return write!(f, "{:?}", self.0);
        }
        let head: String = self.0.chars().take(SHORT / 2).collect();
        let tail: String = self.0.chars().skip(count - SHORT / 4).collect();
        write!(f, "{head:?}...{tail:?} ({count} characters)")
    }
}

//! [`CommandError`]: the reason that a command cannot be carried out.

use std::fmt;

use labreport::text::visible;

/// The command cannot be carried out. Printed as one line; the exit status is 2.
///
/// The text names the mistake and a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError(String);

impl CommandError {
    /// An error with this text: its lines joined, and its control characters escaped.
    pub fn new(text: impl Into<String>) -> Self {
        let text: String = text.into();
        let mut line = String::new();
        for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
            if !line.is_empty() {
                line += if line.ends_with(':') { " " } else { "; " };
            }
            line += &visible(part).replace('\t', " ");
        }
        Self(line)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line() {
        assert_eq!(CommandError::new("a\n\n   b\n").to_string(), "a; b");
        assert_eq!(CommandError::new("missing:\n  b").to_string(), "missing: b");
        assert_eq!(CommandError::new("no \u{1b}[2J\ta").to_string(), r"no \u{1b}[2J a");
    }
}

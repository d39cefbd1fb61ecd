//! [`Command`]: a command that the tests submit.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A command of the tests: a number or a short text. To Raft it is opaque bytes.
///
/// The bytes are the text, encoded with [`labgob`]; so a message about a command can print it.
#[derive(Clone)]
pub struct Command(Arc<Forms>);

struct Forms {
    text: String,
    bytes: Vec<u8>,
}

impl Command {
    /// The bytes that are handed to Raft.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The command as people read it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }
}

impl Command {
    /// The command of these bytes; `None` if they are not a command.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = labgob::decode(bytes).ok()?;
        Some(Self(Arc::new(Forms { text, bytes: bytes.to_vec() })))
    }
}

// Commands are compared and hashed by their bytes.

impl PartialEq for Command {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Command {}

impl Hash for Command {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl From<String> for Command {
    fn from(text: String) -> Self {
        let bytes = labgob::encode(&text).expect("a text can always be encoded");
        Self(Arc::new(Forms { text, bytes }))
    }
}

impl From<&str> for Command {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<u64> for Command {
    fn from(number: u64) -> Self {
        Self::from(number.to_string())
    }
}

impl From<&Command> for Command {
    fn from(command: &Command) -> Self {
        command.clone()
    }
}

/// Longest text that is printed whole.
const SHOWN: usize = 24;

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.text())
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn show(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    match text.char_indices().nth(SHOWN) {
        None => f.write_str(text),
        Some((end, _)) => write!(f, "{}... ({} bytes)", &text[..end], text.len()),
    }
}

/// Prints bytes that should be a command: as one if they are, as bytes otherwise.
pub(super) struct Unchecked<'a>(pub &'a [u8]);

impl fmt::Display for Unchecked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(text) = labgob::decode::<String>(self.0) {
            return show(f, &text);
        }
        if self.0.is_empty() {
            return f.write_str("without a byte");
        }
        f.write_str("of the bytes")?;
        for byte in self.0.iter().take(SHOWN) {
            write!(f, " {byte:02x}")?;
        }
        if self.0.len() > SHOWN {
            write!(f, "... ({} in all)", self.0.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Unchecked};

    #[test]
    fn a_command_is_printed_as_it_was_written() {
        assert_eq!(Command::from(100).to_string(), "100");
        assert_eq!(Unchecked(Command::from(100).bytes()).to_string(), "100");
    }

    #[test]
    fn a_long_command_is_cut() {
        let long = Command::from("x".repeat(5000));
        assert_eq!(long.to_string(), format!("{}... (5000 bytes)", "x".repeat(24)));
    }

    #[test]
    fn bytes_that_are_no_command_are_printed_as_bytes() {
        assert_eq!(Unchecked(&[]).to_string(), "without a byte");
        assert_eq!(Unchecked(&[2, 255, 254]).to_string(), "of the bytes 02 ff fe");
    }
}

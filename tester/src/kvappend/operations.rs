//! Operations of a client in the tests.

use std::fmt;

use super::servers::AppendServers;
use crate::key_value::Client;

/// A client of the service.
pub(super) type AppendClient = Client<AppendServers>;

impl AppendClient {
    /// The text of a key; empty if nobody has put or appended to it.
    #[must_use]
    pub fn get(&self, key: &str) -> String {
        let key = key.to_owned();
        self.ask("get", move |clerk| clerk.get(&key))
    }

    /// Replaces the text of a key.
    pub fn put(&self, key: &str, value: &str) {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.ask("put", move |clerk| clerk.put(&key, &value));
    }

    /// Adds to the end of the text of a key.
    pub fn append(&self, key: &str, value: &str) {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.ask("append", move |clerk| clerk.append(&key, &value));
    }

    /// Expects the key to have exactly this text.
    #[track_caller]
    pub fn check_get(&self, key: &str, expected: &str) {
        let seen = self.get(key);
        if seen != expected {
            self.cluster().fail(format!(
                "expected client {} to get {} of key {key}; saw {}",
                self.number(),
                Ending(expected),
                Ending(&seen)
            ));
        }
    }
}

/// The end of a text in words, with its length if it is a long one.
pub(super) struct Ending<'a>(pub &'a str);

impl fmt::Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Characters that are shown of a longer text.
        const SHOWN: usize = 40;
        let Self(text) = self;
        match text.char_indices().rev().nth(SHOWN - 1) {
            None if text.is_empty() => f.write_str("the empty text"),
            None | Some((0, _)) => write!(f, "`{text}`"),
            Some((from, _)) => write!(f, "`…{}` ({} bytes)", &text[from..], text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_text() {
        assert_eq!(Ending("").to_string(), "the empty text");
        assert_eq!(Ending(&"ä".repeat(40)).to_string(), format!("`{}`", "ä".repeat(40)));
        let long = "x 1 2 y".repeat(10);
        assert_eq!(Ending(&long).to_string(), format!("`…{}` (70 bytes)", &long[30..]));
    }
}

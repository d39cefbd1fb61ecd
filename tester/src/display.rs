//! Times, servers and counts in messages.

use std::fmt;
use std::time::Duration;

use labapi::PutError;

/// A point in virtual time or a duration: `3.204 s`.
pub(crate) struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.0.as_secs_f64())
    }
}

/// A list of servers: `no server`, `server 2`, `servers 0, 1, 2`.
pub(crate) struct Servers<'a>(pub &'a [usize]);

impl fmt::Display for Servers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("no server"),
            [one] => write!(f, "server {one}"),
            [first, rest @ ..] => {
                write!(f, "servers {first}")?;
                rest.iter().try_for_each(|server| write!(f, ", {server}"))
            }
        }
    }
}

/// The outcome of a put in words.
pub(crate) fn outcome(answer: Result<(), PutError>) -> &'static str {
    match answer {
        Ok(()) => "done",
        Err(PutError::NoKey) => "no such key",
        Err(PutError::Version) => "wrong version",
        Err(PutError::Maybe) => "maybe done",
    }
}

/// `a put`, `an append`.
pub(crate) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// `1 server`, `2 servers`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

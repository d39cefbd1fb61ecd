//! [`token`]: the texts that clients append, each of them once in a run.

use std::fmt;

use rustc_hash::FxHashMap;

/// The text of a client's append or put of this number: `x 3 17 y`.
///
/// The client's number is unique in the run, so no two operations have the same text.
pub(super) fn token(client: u32, number: usize) -> String {
    format!("x {client} {number} y")
}

/// The tokens that a text consists of; `None` if it is no sequence of tokens.
pub(super) fn tokens(text: &str) -> Option<Vec<&str>> {
    let tokens: Vec<&str> = text.split_inclusive('y').collect();
    let is_token = |token: &&str| token.ends_with('y') && token.rfind('x') == Some(0);
    tokens.iter().all(is_token).then_some(tokens)
}

/// What is wrong with the tokens of a client in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// The text has something that is no token.
    NoTokens,
    /// The token of this number is missing.
    Missing(usize),
    /// It is there more than once.
    Repeated(usize),
    /// It stands before the one that was appended before it.
    OutOfOrder(usize),
}

impl Mistake {
    /// The first mistake, if a text has to have the first `count` tokens of a client: each once, in their
    /// order, whatever is between them.
    pub fn first(text: &str, client: u32, count: usize) -> Option<Self> {
        let Some(tokens) = tokens(text) else { return Some(Self::NoTokens) };
        // How often each token is there, and where it is last.
        let mut found: FxHashMap<&str, (usize, usize)> = FxHashMap::default();
        for (position, token) in tokens.into_iter().enumerate() {
            let (times, last) = found.entry(token).or_default();
            (*times, *last) = (*times + 1, position);
        }
        let mut before = None;
        for number in 0..count {
            match found.get(&*token(client, number)) {
                None => return Some(Self::Missing(number)),
                Some((1, position)) if before.is_some_and(|before| *position < before) => {
                    return Some(Self::OutOfOrder(number));
                }
                Some((1, position)) => before = Some(*position),
                Some(_) => return Some(Self::Repeated(number)),
            }
        }
        None
    }

    /// The mistake in words, of this client's tokens.
    pub fn of(self, client: u32) -> impl fmt::Display {
        match self {
            Self::NoTokens => "a text that nobody has appended".to_owned(),
            Self::Missing(number) => format!("no `{}`", token(client, number)),
            Self::Repeated(number) => format!("`{}` more than once", token(client, number)),
            Self::OutOfOrder(number) => {
                let [later, earlier] = [number, number - 1].map(|number| token(client, number));
                format!("`{later}` before `{earlier}`")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_apart() {
        assert_eq!(tokens(""), Some(vec![]));
        let text = [token(3, 0), token(12, 7)].concat();
        assert_eq!(text, "x 3 0 yx 12 7 y");
        assert_eq!(tokens(&text), Some(vec!["x 3 0 y", "x 12 7 y"]));
        for text in ["14", "x 3 0 y!", "x 3 x 3 1 y", "!x 3 0 y", "x 3 0"] {
            assert_eq!(tokens(text), None, "{text}");
        }
    }

    #[test]
    fn each_token_once_and_in_order() {
        let text = |numbers: &[usize]| -> String {
            numbers.iter().map(|&number| [token(3, number), token(4, 9 - number)].concat()).collect()
        };
        let first = |numbers| Mistake::first(&text(numbers), 3, 3);
        assert_eq!(first(&[0, 1, 2]), None);
        assert_eq!(first(&[0, 2]), Some(Mistake::Missing(1)));
        assert_eq!(first(&[0, 1, 2, 1]), Some(Mistake::Repeated(1)));
        assert_eq!(first(&[1, 0, 2]), Some(Mistake::OutOfOrder(1)));
        assert_eq!(Mistake::OutOfOrder(1).of(3).to_string(), "`x 3 1 y` before `x 3 0 y`");
        // `x 1 1 y` is no part of `x 11 1 y`.
        assert_eq!(Mistake::first(&token(11, 0), 1, 1), Some(Mistake::Missing(0)));
        assert_eq!(Mistake::first("x 1 0 y14", 1, 1), Some(Mistake::NoTokens));
    }
}

//! [`Pieces`]: the values of puts and appends, to be found at the beginning of a text.

use crate::by_prefix::common;

/// The value of a put or an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub text: &'a [u8],
    /// The put or append.
    pub op: usize,
    /// A put's value is at the beginning of a text only.
    pub is_put: bool,
    /// The longest other piece with which this one begins. Of equal ones, each begins with the one before.
    shorter: Option<usize>,
}

/// All pieces, in alphabetical order.
pub(crate) struct Pieces<'a> {
    sorted: Vec<Piece<'a>>,
}

impl<'a> Pieces<'a> {
    /// Values with the operation of each, and whether it is a put.
    pub fn new(values: impl Iterator<Item = (&'a str, usize, bool)>) -> Self {
        let piece = |(value, op, is_put): (&'a str, _, _)| Piece {
            text: value.as_bytes(),
            op,
            is_put,
            shorter: None,
        };
        let mut sorted: Vec<Piece<'a>> = values.map(piece).collect();
        sorted.sort_by_key(|piece| (piece.text, piece.op));
        for place in 1..sorted.len() {
            // A piece with which this one begins is the one before, or one with which that begins.
            let mut shorter = Some(place - 1);
            while let Some(other) = shorter
                && !sorted[place].text.starts_with(sorted[other].text)
            {
                shorter = sorted[other].shorter;
            }
            sorted[place].shorter = shorter;
        }
        Self { sorted }
    }

    /// The pieces with which `text` begins, and the most bytes that any piece shares with its beginning. They
    /// are the same for any other text that shares one byte more with this one.
    pub fn at_the_beginning_of(&self, text: &[u8]) -> (impl Iterator<Item = Piece<'a>>, usize) {
        let after = self.sorted.partition_point(|piece| piece.text <= text);
        // No piece shares more than one of the two neighbours do. Those with which the text begins are the
        // one before, or pieces with which that begins.
        let before = after.checked_sub(1);
        let shared = before.map_or(0, |before| common(self.sorted[before].text, text));
        let looked = self.sorted.get(after).map_or(0, |piece| common(piece.text, text)).max(shared);
        let chain = std::iter::successors(before, |&place| self.sorted[place].shorter);
        let pieces = chain.map(|place| self.sorted[place]).filter(move |piece| piece.text.len() <= shared);
        (pieces, looked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pieces_at_the_beginning_are_found() {
        let values = ["ab", "b", "a", "abcd", "abd", "ab", "c", "abcdefg"];
        let pieces = Pieces::new(values.iter().zip(0..).map(|(value, op)| (*value, op, op == 2)));
        let found = |text: &str| {
            let (found, looked) = pieces.at_the_beginning_of(text.as_bytes());
            let mut found: Vec<usize> = found.map(|piece| piece.op).collect();
            found.sort_unstable();
            (found, looked)
        };
        assert_eq!(found("abcde"), (vec![0, 2, 3, 5], 5));
        assert_eq!(found("abce"), (vec![0, 2, 5], 3));
        assert_eq!(found("abd"), (vec![0, 2, 4, 5], 3));
        assert_eq!(found("a"), (vec![2], 1));
        assert_eq!(found("ca"), (vec![6], 1));
        assert_eq!(found("d"), (vec![], 0));
        assert_eq!(found(""), (vec![], 0));
        let (mut found, _) = pieces.at_the_beginning_of(b"a");
        assert!(found.all(|piece| piece.is_put));
    }
}

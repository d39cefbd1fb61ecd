//! [`Shard`]: one of several equal parts of a command's work, for more than one machine.
//!
//! A batch system starts the same command on each machine, with another shard. Each writes one file of
//! results, and [`merge`](crate::merge) makes of all files what the command without shards writes.
//!
//! - [`work`]: the work that is divided;
//! - [`folder`]: the folder with the files of all shards;
//! - `file`: one of these files;
//! - [`times`]: what was measured, in a file of its own: it differs from machine to machine;
//! - `digest`: the hash in a file, which shows that the file is complete;
//! - `stored_run`: a run in a file of `lab test`.

mod digest;
pub mod file;
pub mod folder;
pub(crate) mod stored_run;
pub mod times;
pub mod work;

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One part of the work: number `I` of `N`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: u32,
    of: NonZeroU32,
}

impl Shard {
    /// The shard of this number; `None` if `number` is not in 1 to `of`.
    #[must_use]
    pub fn new(number: u32, of: u32) -> Option<Self> {
        let of = NonZeroU32::new(of)?;
        (1..=of.get()).contains(&number).then_some(Self { number, of })
    }

    /// The number, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// The number of shards, at least 1.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of.get()
    }

    /// The items that this shard takes, of the items 0 to `items - 1`. The shards take all of them, each item
    /// once, and numbers of items that differ by 1 at most.
    ///
    /// Where there are several lists of as many items each, `turn` is the number of the list. It moves what
    /// cannot be divided evenly from shard to shard, so that also the numbers of items of all lists together
    /// differ by 1 at most.
    #[must_use]
    pub fn piece(self, items: u32, turn: usize) -> Range<u64> {
        let of = u64::from(self.of());
        let piece = (u64::from(self.number - 1) + turn as u64 % of) % of;
        let begin = |piece: u64| piece * u64::from(items) / of;
        begin(piece)..begin(piece + 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|it| it.is_ascii_digit()));
        let numbers = text.split_once('/').and_then(|(one, all)| Some((number(one)?, number(all)?)));
        numbers
            .and_then(|(number, of)| Self::new(number, of))
            .ok_or("give I/N with I from 1 to N, such as 2/8 for the second of eight shards")
    }
}

impl Serialize for Shard {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(of: u32) -> Vec<Shard> {
        (1..=of).map(|number| Shard::new(number, of).expect("a shard")).collect()
    }

    #[test]
    fn every_item_is_in_one_piece_and_pieces_are_equal() {
        for of in 1..=40 {
            for items in (0..=90).chain([1000, u32::MAX]) {
                for turn in [0, 1, 7, usize::MAX] {
                    let mut pieces: Vec<Range<u64>> =
                        shards(of).into_iter().map(|shard| shard.piece(items, turn)).collect();
                    pieces.sort_by_key(|piece| (piece.start, piece.end));
                    let mut next = 0;
                    for piece in &pieces {
                        assert_eq!(piece.start, next, "{items} items, {of} shards");
                        next = piece.end;
                        let length = piece.end - piece.start;
                        let least = u64::from(items / of);
                        assert!(length == least || length == least + 1, "{length} of {items}, {of} shards");
                    }
                    assert_eq!(next, u64::from(items), "{of} shards");
                }
            }
        }
    }

    #[test]
    fn shards_have_equal_numbers_of_items_of_all_lists_together() {
        for of in 1..=25 {
            for items in 0..=60 {
                for lists in [1, 2, 5, 24, 25, 26, 66] {
                    let number = |shard: Shard| -> u64 {
                        (0..lists).map(|turn| shard.piece(items, turn)).map(|it| it.end - it.start).sum()
                    };
                    let numbers: Vec<u64> = shards(of).into_iter().map(number).collect();
                    let (least, most) = (numbers.iter().min().unwrap(), numbers.iter().max().unwrap());
                    assert!(most - least <= 1, "{lists} lists of {items}, {of} shards: {numbers:?}");
                }
            }
        }
    }

    #[test]
    fn a_shard_is_read_as_it_is_written_and_others_are_refused() {
        for text in ["1/1", "2/8", "4294967295/4294967295"] {
            assert_eq!(text.parse::<Shard>().expect("a shard").to_string(), text);
        }
        for text in ["5/4", "0/4", "x", "", "1", "1/", "/1", "-1/4", "+1/4", "1/0", "0/0", "1/2/3", "1 / 2"] {
            assert!(text.parse::<Shard>().is_err_and(|error| error.contains("from 1 to N")), "{text}");
        }
    }
}

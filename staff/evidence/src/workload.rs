//! [`Workload`]: the commands of the test are those that its seed draws.

use std::collections::{BTreeMap, HashSet};

use tester::Drawn;

use super::event::{Event, Parties, Party};
use super::flaw::{Area, Flaw};

/// The draws of a test that are looked at: more than any test makes of commands.
const DRAWS: usize = 1 << 16;

/// Numbers from here on are drawn from 63 bits; those that tests choose themselves are smaller.
const DRAWN_FROM: u64 = 1 << 40;

/// Compares commands with what the seed draws.
pub(super) struct Workload {
    seed: u64,
    drawn: BTreeMap<String, Drawn>,
    /// The different commands that were drawn.
    recognized: HashSet<String>,
}

impl Workload {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, drawn: BTreeMap::new(), recognized: HashSet::new() }
    }

    pub(super) fn on(&mut self, event: &Event<'_>, parties: &Parties) -> Result<(), Flaw> {
        let (true, Some(request), Party::Server { group, .. }) =
            (event.kind == "submitted", &event.request, parties.get(event.party))
        else {
            return Ok(());
        };
        let text = text_of(request);
        let Some(word) = text.rsplit(' ').next().filter(|_| !self.recognized.contains(&text)) else {
            return Ok(());
        };
        let seed = self.seed;
        let drawn = self.drawn.entry(group.clone()).or_insert_with(|| Drawn::of(seed, group, DRAWS));
        let is_drawn = match word.parse::<u64>() {
            Ok(number) if number >= DRAWN_FROM => {
                if !drawn.has_number(number) {
                    let what = "the test submits a number that its seed does not draw";
                    return Err(event.flaw(Area::Workload, what));
                }
                true
            }
            Ok(_) => false,
            Err(_) => drawn.has_word(word),
        };
        if is_drawn {
            self.recognized.insert(text);
        }
        Ok(())
    }

    /// The number of different commands that the seed draws.
    pub(super) fn count(&self) -> u64 {
        self.recognized.len() as u64
    }
}

/// The text of a request: a text itself, or one that labgob has encoded, after its length. Of a long one, the
/// beginning.
fn text_of(request: &str) -> String {
    let beginning = request.split('…').next().unwrap_or_default();
    let bytes = bytes_of(beginning).unwrap_or_else(|| beginning.as_bytes().to_vec());
    let rest = match bytes.first() {
        // The length of a longer text takes two more bytes.
        Some(251) => bytes.get(3..),
        Some(&length) if usize::from(length) + 1 == bytes.len() => bytes.get(1..),
        _ => None,
    };
    String::from_utf8_lossy(rest.unwrap_or(&bytes)).into_owned()
}

/// The bytes of a text of hexadecimal digits, which stand for bytes that are no text.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|it| it.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_request_is_found() {
        for (request, text) in [
            ("0131", "1"),
            ("0 by 0: 61BuPK", "0 by 0: 61BuPK"),
            ("!abcdefghijklmnopqrstuvwxyzabcdefg", "abcdefghijklmnopqrstuvwxyzabcdefg"),
            ("fb88136162… (5003 bytes)", "ab"),
            ("", ""),
            ("0", "0"),
        ] {
            assert_eq!(text_of(request), text, "{request}");
        }
    }
}

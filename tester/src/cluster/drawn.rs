//! [`Drawn`]: what the seed of a run draws for the workload of a test.

use labrt::rand::RngExt;
use labrt::world::StreamRng;

use super::test_rng::{LETTERS, WORKLOAD};
use crate::event::own_name;

/// The letters of a word that are looked up: 30 bits.
const LOOKED_UP: usize = 5;

/// The numbers and words that the seed of a run draws for the workload of a test, as far as they can be told
/// from others: so a command can be recognized without playing the test.
///
/// A test draws from one stream, in an order that may depend on the solution. A number of 63 bits, and a word
/// of at least five letters, tell where in the stream they stand.
#[derive(Clone, Debug)]
pub struct Drawn {
    outputs: Vec<u64>,
    /// Numbers, ascending.
    numbers: Vec<u64>,
    /// The first letters of words, as bits, and where in the stream they stand; ascending.
    words: Vec<(u64, usize)>,
}

impl Drawn {
    /// The first `draws` draws of the run of this seed, of the cluster of this name; the cluster that a test
    /// begins with has the empty name.
    #[must_use]
    pub fn of(seed: u64, cluster: &str, draws: usize) -> Self {
        let mut rng = StreamRng::new(seed, &own_name(cluster, WORKLOAD));
        let outputs: Vec<u64> = (0..draws).map(|_| rng.random()).collect();
        let mut numbers: Vec<u64> = outputs.iter().map(|bits| bits >> 1).collect();
        numbers.sort_unstable();
        let mut words: Vec<(u64, usize)> = outputs
            .iter()
            .enumerate()
            .map(|(position, bits)| (bits % (1 << (6 * LOOKED_UP)), position))
            .collect();
        words.sort_unstable();
        Self { outputs, numbers, words }
    }

    /// Whether the number is one that [`Cluster::rand`](crate::Cluster::rand) draws.
    #[must_use]
    pub fn has_number(&self, number: u64) -> bool {
        self.numbers.binary_search(&number).is_ok()
    }

    /// Whether the word is one that [`Cluster::rand_letters`](crate::Cluster::rand_letters) draws, or the
    /// beginning of one. A word of fewer than five letters is none.
    #[must_use]
    pub fn has_word(&self, word: &str) -> bool {
        let Some(letters) = word.bytes().map(position_of).collect::<Option<Vec<u64>>>() else { return false };
        let Some(first) = letters.get(..LOOKED_UP) else { return false };
        let bits = bits_of(first);
        let from = self.words.partition_point(|&(first, _)| first < bits);
        self.words[from..].iter().take_while(|&&(first, _)| first == bits).any(|&(_, position)| {
            letters.chunks(10).enumerate().all(|(chunk, letters)| {
                let output = self.outputs.get(position + chunk);
                output.is_some_and(|output| output % (1 << (6 * letters.len())) == bits_of(letters))
            })
        })
    }
}

fn position_of(letter: u8) -> Option<u64> {
    LETTERS.iter().position(|&it| it == letter).map(|position| position as u64)
}

/// The bits that a text of these letters is made of.
fn bits_of(letters: &[u64]) -> u64 {
    letters.iter().rev().fold(0, |bits, letter| bits * 64 + letter)
}

#[cfg(test)]
mod tests {
    use labrt::rand::RngExt;

    use super::super::test_rng::text;
    use super::*;

    #[test]
    fn what_a_test_draws_is_recognized() {
        let mut rng = StreamRng::new(7, "workload");
        let number = rng.random::<u64>() >> 1;
        let _ = rng.random_range(0..10u64);
        let (short, long) = (text(&mut rng, 6), text(&mut rng, 100));
        let drawn = Drawn::of(7, "", 1000);
        assert!(drawn.has_number(number) && drawn.has_word(&short) && drawn.has_word(&long));
        assert!(drawn.has_word(&long[..37]));
        let other = Drawn::of(8, "", 1000);
        assert!(!other.has_number(number) && !other.has_word(&short) && !other.has_word(&long));
        let of_a_group = Drawn::of(7, "g1", 1000);
        assert!(!of_a_group.has_number(number));
        for word in ["", "abcd", "with a blank", "wörter"] {
            assert!(!drawn.has_word(word), "{word}");
        }
        let mut changed = long.into_bytes();
        changed[99] = if changed[99] == b'a' { b'b' } else { b'a' };
        assert!(!drawn.has_word(std::str::from_utf8(&changed).expect("letters")));
    }
}

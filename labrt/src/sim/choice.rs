//! The choice of the next thread among those that can run.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::run::policy::Policy;

/// A scheduling policy.
pub(crate) trait Choose {
    /// Chooses one of `count` threads, which must be at least 2. Returns its number, below `count`.
    ///
    /// The last one is the thread that runs now, if it can continue.
    fn choose(&mut self, count: usize) -> usize;
}

/// Makes the chooser of `policy`.
pub(super) fn start(policy: Policy, seed: u64) -> Box<dyn Choose> {
    let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    match policy {
        Policy::Random => Box::new(Random(rng)),
        Policy::Sticky => Box::new(Sticky(Random(rng))),
    }
}

struct Random(Xoshiro256PlusPlus);

impl Choose for Random {
    #[inline]
    fn choose(&mut self, count: usize) -> usize {
        // A multiplication instead of a division; the bias is below count / 2^32.
        (((self.0.next_u64() >> 32) * count as u64) >> 32) as usize
    }
}

struct Sticky(Random);

impl Choose for Sticky {
    fn choose(&mut self, count: usize) -> usize {
        if self.0.choose(8) > 0 { count - 1 } else { self.0.choose(count) }
    }
}

//! Which of the threads that can run goes next.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::run::policy::Policy;

/// A way to choose the next thread.
pub(crate) trait Choose {
    /// Chooses one of `count` threads, `count` being at least 2; the answer is below `count`.
    ///
    /// The last one is the thread that runs now, when it can go on.
    fn choose(&mut self, count: usize) -> usize;
}

/// Begins to choose by `policy`.
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

//! The choice of the next thread among those that can run.
//!
//! - this file: the trait, and the policies that look at the number of threads alone;
//! - `priorities`: priorities of threads, and the bound on how long a thread is passed over;
//! - `pct`, `pos`: the policies that have priorities.

mod pct;
mod pos;
mod priorities;

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::threads::Threads;
use crate::run::policy::Policy;
use pct::Pct;
use pos::Pos;

/// A scheduling policy.
pub(crate) trait Choose {
    /// Chooses one of `count` possibilities, which must be at least 2. Returns its number, below `count`.
    ///
    /// The last one is the thread that runs now, if the possibilities are threads and it can continue.
    fn choose(&mut self, count: usize) -> usize;

    /// Chooses one of the threads `ready` and `current`, which must be at least 2 in all. Returns its
    /// position in `ready`, or the length of `ready` for `current`.
    fn choose_thread(&mut self, ready: &[u32], current: Option<u32>, threads: &Threads) -> usize {
        let _ = threads;
        self.choose(ready.len() + usize::from(current.is_some()))
    }
}

/// Makes the chooser of `policy`.
pub(super) fn start(policy: Policy, seed: u64) -> Box<dyn Choose> {
    let random = Random(Xoshiro256PlusPlus::seed_from_u64(seed));
    match policy {
        Policy::Random => Box::new(random),
        Policy::Sticky => Box::new(Sticky(random)),
        Policy::Pct => Box::new(Pct::new(random)),
        Policy::Pos => Box::new(Pos::new(random)),
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

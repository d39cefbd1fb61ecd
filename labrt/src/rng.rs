//! Independent random streams, all derived from the run's seed.

use std::convert::Infallible;

use rand::{SeedableRng, TryRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The random generator of one purpose in one run, such as network faults, or the lab code of one server.
///
/// Streams are independent: an additional draw from one does not change any other. Draws through the traits
/// of `rand`.
#[derive(Clone, Debug)]
pub struct StreamRng(Xoshiro256PlusPlus);

impl StreamRng {
    /// The stream `stream` of a run of this seed, from its start. Within a run,
    /// [`World::rng`](crate::world::World::rng) gives the same.
    #[must_use]
    pub fn new(seed: u64, stream: &str) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed ^ fnv1a(stream.as_bytes())))
    }
}

impl TryRng for StreamRng {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(dst)
    }
}

/// The FNV-1a hash. It maps similar names to unrelated seeds and is the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

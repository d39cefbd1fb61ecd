//! Randomness for lab code.
//!
//! Each server draws from a stream of its own that is derived from the run's seed, so that its random numbers
//! do not depend on what other servers do.
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! use labrt::rand::RngExt;
//!
//! let timeout = labrt::rand::rng().random_range(150..300);
//! assert!((150..300).contains(&timeout));
//! # }).result.unwrap();
//! ```

use std::convert::Infallible;

pub use rand::{Rng, RngExt};

use crate::context;
use crate::rng::StreamRng;

/// The random generator of the caller's server.
#[must_use]
pub fn rng() -> NodeRng {
    NodeRng { _private: () }
}

/// The random generator of the server on which it is used. Draws through the traits of `rand`.
#[derive(Clone, Copy, Debug)]
pub struct NodeRng {
    _private: (),
}

impl NodeRng {
    #[track_caller]
    fn draw<R>(draw: impl FnOnce(&mut StreamRng) -> R) -> R {
        context::with(|context| context.draw(draw))
    }
}

impl rand::TryRng for NodeRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(Self::draw(Rng::next_u32))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(Self::draw(Rng::next_u64))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        Self::draw(|rng| rng.fill_bytes(dst));
        Ok(())
    }
}

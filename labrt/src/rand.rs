//! Randomness for lab code.
//!
//! Each server draws from a stream of its own, which the run's seed decides, so that what one
//! server draws does not depend on what another one does.

use std::convert::Infallible;

pub use rand::{Rng, RngExt};

use crate::context;
use crate::rng::StreamRng;

/// The generator of the server that the caller runs on.
#[must_use]
pub fn rng() -> NodeRng {
    NodeRng { _private: () }
}

/// The generator of the server on which it is used. Draws through the traits of `rand`.
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

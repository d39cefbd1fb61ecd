//! One API for threads, locks, channels, time and randomness, so that lab code can be run
//! deterministically on a virtual clock.
//!
//! # For lab code
//!
//! Ordinary blocking code, in the shape of `std`, `parking_lot` and `crossbeam`:
//!
//! | module | in place of |
//! | --- | --- |
//! | [`thread`] | `std::thread`, with `park` and `unpark` |
//! | [`sync`] | `parking_lot` locks, `std::sync::atomic`, `std::sync::{Once, OnceLock}`, `crossbeam::sync::WaitGroup` |
//! | [`channel`] | `crossbeam::channel` |
//! | [`time`] | `std::time`; [`time::Timer`] and [`time::Ticker`] are those of Go |
//! | [`rand`] | `rand::rng()` |
//!
//! Lines written with the `log` crate's macros are kept when a run is recorded, stamped with virtual time,
//! server and thread; [`world::RUST_LOG`] leaves some out.
//!
//! # For the harness
//!
//! [`world`] starts a run and controls it: nodes that can be killed at any instant, events, random
//! streams, the verdict. What lab code is given leads nowhere near it.
//!
//! # How a simulation works
//!
//! A simulation is one OS thread. Every simulated thread is a coroutine on it, and at every *scheduling
//! point* (before a lock, an unlock, an atomic operation, a channel operation, a wait, a wake-up, a spawn, a
//! sleep, a look at the clock, a remote call, a save) a scheduler seeded from the run's one number picks
//! which of them goes on. The clock is virtual: when every thread waits it jumps to the next timer. Nothing
//! reads the system's clock or its randomness, so a seed is a run, to the last message.
//!
//! The same code also runs on real threads ([`world::Backend::Threads`]). The primitives are built on what
//! both backends offer, and that is `context`.
//!
//! # How labrt is built
//!
//! Each layer imports those above it in this table, and no other:
//!
//! | layer | modules |
//! | --- | --- |
//! | what belongs to neither backend | `run` (options, outcome, failure, log), `wait`, `clock`, `rng`, `traffic`, `thread_limit` |
//! | the unsafe parts, which know no scheduler | `raw` |
//! | the backends | `sim`, `threads` |
//! | where the calling thread runs | `context`, with `panic_hook` and `log_recorder` |
//! | the primitives | [`thread`], [`sync`], [`channel`], [`time`], [`rand`] |
//! | the harness's face | [`world`] |
//!
//! Reading order: `sim::simulation` (what a simulation is), `sim::scheduler` (who runs next), `sim::kill`
//! (how threads are made to end), `raw`, then the primitives; `threads` for the other backend.

#![warn(missing_docs)]
#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of `Context<'_>` is not general over its lifetime, and a closure is"
)]

pub mod channel;
mod clock;
mod context;
mod log_recorder;
mod panic_hook;
pub mod rand;
mod raw;
mod rng;
mod run;
mod sim;
pub mod sync;
pub mod thread;
mod thread_limit;
mod threads;
pub mod time;
mod traffic;
mod wait;
pub mod world;

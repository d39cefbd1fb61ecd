//! Threads, locks, channels, time and randomness for lab code, which a simulation runs deterministically on a
//! virtual clock.
//!
//! # Finding a race, and replaying it
//!
//! Lab code is ordinary blocking code that uses labrt instead of std. [`world::simulate`] runs it under a
//! seed, which determines everything that is left to chance. A seed that fails will always fail in the same
//! way:
//!
//! ```
//! use labrt::sync::Arc;
//! use labrt::sync::atomic::{AtomicU64, Ordering::SeqCst};
//! use labrt::thread;
//! use labrt::world::{FailureKind, Options, Run, simulate};
//!
//! /// Two threads increment a counter. Both may read it before one of them writes it.
//! fn increment_twice(seed: u64) -> Run<()> {
//!     simulate(Options::new(seed), |_| {
//!         let counter = Arc::new(AtomicU64::new(0));
//!         let threads = [counter.clone(), counter.clone()].map(|counter| {
//!             thread::spawn(move || {
//!                 let value = counter.load(SeqCst);
//!                 counter.store(value + 1, SeqCst);
//!             })
//!         });
//!         for thread in threads {
//!             thread.join().unwrap();
//!         }
//!         assert_eq!(counter.load(SeqCst), 2, "an increment was lost");
//!     })
//! }
//!
//! // Many schedules do no harm, but a few seeds are enough to find one that does.
//! assert!((0..100).any(|seed| increment_twice(seed).result.is_ok()));
//! let seed = (0..100).find(|&seed| increment_twice(seed).result.is_err()).expect("the race is found");
//!
//! // The seed replays the run: the same failure, at the same virtual time.
//! let (first, replay) = (increment_twice(seed), increment_twice(seed));
//! let failure = first.result.unwrap_err();
//! assert_eq!(failure.kind, FailureKind::Panic);
//! assert!(failure.message.contains("an increment was lost"), "{failure}");
//! assert_eq!(replay.result.unwrap_err(), failure);
//! assert_eq!(replay.fingerprint, first.fingerprint);
//! ```
//!
//! With `counter.fetch_add(1, SeqCst)`, or with the counter in a [`sync::Mutex`], no seed fails.
//!
//! # For lab code
//!
//! The APIs are those of `std`, `parking_lot` and `crossbeam`:
//!
//! | module | replaces |
//! | --- | --- |
//! | [`thread`] | `std::thread`, with `park` and `unpark` |
//! | [`sync`] | `parking_lot` locks, `std::sync::atomic`, `std::sync::{Once, OnceLock}`, `crossbeam::sync::WaitGroup` |
//! | [`channel`] | `crossbeam::channel` |
//! | [`time`] | `std::time`; [`time::Timer`] and [`time::Ticker`] are those of Go |
//! | [`rand`] | `rand::rng()` |
//!
//! Recorded runs keep the lines that are written with the `log` crate's macros, with virtual time, server and
//! thread. [`world::RUST_LOG`] selects lines.
//!
//! # For the harness
//!
//! [`world`] starts and controls runs: nodes that can be killed at any moment, events, random streams, the
//! verdict. Lab code has no access to it.
//!
//! # How a simulation works
//!
//! A simulation runs on one OS thread. Every simulated thread is a coroutine. At every *scheduling point*
//! (before a lock, an unlock, an atomic operation, a channel operation, a wait, a wake-up, a spawn, a sleep,
//! a read of the clock, a remote call, a save) a scheduler seeded by the run's seed picks the thread that
//! runs next. The clock is virtual: when all threads wait it jumps to the next timer. Nothing depends on the
//! system's clock or randomness, so the seed determines the run, to the last message.
//!
//! The same code also runs on real threads ([`world::Backend::Threads`]). The primitives are built on the
//! operations that both backends have: see `context`.
//!
//! # Structure
//!
//! Each layer depends only on the layers above it in this table:
//!
//! | layer | modules |
//! | --- | --- |
//! | types of both backends | `run` (options, outcome, failure, log), `wait`, `clock`, `rng`, `traffic`, `thread_limit` |
//! | unsafe code, which does not depend on the scheduler | `raw` |
//! | backends | `sim`, `threads` |
//! | the caller's run and thread | `context`, with `panic_hook` and `log_recorder` |
//! | primitives | [`thread`], [`sync`], [`channel`], [`time`], [`rand`] |
//! | interface of the harness | [`world`] |
//!
//! Reading order: `sim::simulation` (the operations of a simulation), `sim::scheduler` (the next thread, the
//! clock), `sim::kill` (how threads are ended), `raw`, then the primitives; `threads` for the other backend.

#![warn(missing_docs)]
#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of `Context<'_>` is not generic over its lifetime, but a closure is"
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

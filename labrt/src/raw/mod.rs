//! The only home of `unsafe` in the workspace: what the runtime cannot do without. It knows neither of the
//! backends, and what they have to do here they hand over.
//!
//! | file | what is unsafe there | why it holds |
//! | --- | --- | --- |
//! | `confined` | a `Sync` cell without a lock | it opens for one run only: a simulation is one OS thread, and on real threads there is a lock |
//! | `coroutine` | stacks of our own, and the way back out of them | the pointer to the way out is set only while that coroutine runs |
//! | `hash_keys` | std's own thread-local, read and written | what was drawn from it twice lies there, and nowhere else |
//! | `heap` | the allocator of the program | it is the system's, with a count |
//! | `interpose` | functions in the place of the system's | they do what the system's do, or call them |
//! | `lock` | `lock_api`'s raw traits | exclusion is kept by the scheduler's own bookkeeping, or by `parking_lot` |
//! | `process` | questions to the system about a thread | the places for the answers are our own |
//! | `run_monitor` | signal handlers | they note where the thread is, and allocate nothing |
//! | `watched` | a look at a simulation from outside | it stands still for ever, by then |
#![allow(unsafe_code)]

pub(crate) mod confined;
pub(crate) mod coroutine;
pub(crate) mod hash_keys;
pub(crate) mod heap;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) mod interpose;
pub(crate) mod lock;
pub(crate) mod process;
pub(crate) mod run_monitor;
pub(crate) mod watched;

//! The only home of `unsafe` in the workspace: what the runtime cannot do without.
//!
//! | file | what is unsafe there | why it holds |
//! | --- | --- | --- |
//! | `confined` | a `Sync` cell without a lock | it opens for one simulation only, and a simulation is one OS thread |
//! | `coroutine` | stacks of our own, and the way back out of them | the pointer to the way out is set only while that coroutine runs |
//! | `lock` | `lock_api`'s raw traits | exclusion is kept by the scheduler's own bookkeeping |
#![allow(unsafe_code)]

pub(crate) mod confined;
pub(crate) mod coroutine;
pub(crate) mod lock;

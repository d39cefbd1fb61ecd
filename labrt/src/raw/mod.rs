//! The only module of the workspace with `unsafe` code. It does not depend on the backends; they pass
//! callbacks where it has to call them.
//!
//! | file | unsafe part | why it is sound |
//! | --- | --- | --- |
//! | `confined` | a `Sync` cell without a lock | it opens for one run only: a simulation is one OS thread, and on real threads it has a lock |
//! | `coroutine` | switching stacks | the pointer to the yielder is set only while its coroutine runs |
//! | `hash_keys` | reading and writing a thread-local of std | its address was verified by drawing from it |
//! | `heap` | the global allocator | it calls the system's and counts |
//! | `interpose` | functions that replace the system's | they behave as the system's do, or call them |
//! | `lock` | the raw traits of `lock_api` | the scheduler's bookkeeping or `parking_lot` ensures exclusion |
//! | `process` | system calls about a thread | the output buffers are its own |
//! | `run_monitor` | signal handlers | they record the stack and allocate nothing |
//! | `scoped` | a reference in a thread-local | it is there only while the call lasts that has lent it |
//! | `thread_locals` | copying the bytes of thread-locals | they are the calling thread's own |
//! | `watched` | reading a simulation's state from another thread | the simulation's thread is stopped for good |
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
pub(crate) mod scoped;
pub(crate) mod thread_locals;
pub(crate) mod watched;

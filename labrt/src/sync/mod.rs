//! Locks, condition variables, wait groups and atomics for lab code, with the APIs of `parking_lot`, `std`
//! and `crossbeam`.
//!
//! Locks are not poisoned: a thread that panics fails the whole run.
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! use labrt::sync::{Arc, Condvar, Mutex};
//!
//! // A commit index that an applier waits for.
//! let commit = Arc::new((Mutex::new(0), Condvar::new()));
//! let applier = labrt::thread::spawn({
//!     let commit = commit.clone();
//!     move || {
//!         let (index, changed) = &*commit;
//!         let mut index = index.lock();
//!         while *index < 3 {
//!             changed.wait(&mut index); // unlocks while it waits
//!         }
//!         *index
//!     }
//! });
//! for _ in 0..3 {
//!     let (index, changed) = &*commit;
//!     *index.lock() += 1;
//!     changed.notify_all();
//! }
//! assert_eq!(applier.join().unwrap(), 3);
//! # }).result.unwrap();
//! ```

pub mod atomic;
mod condvar;
mod lock;
mod once;
mod wait_group;

pub use std::sync::Arc;

pub use condvar::{Condvar, WaitTimeoutResult};
pub use once::{Once, OnceLock};
pub use wait_group::WaitGroup;

pub use lock::{RawMutex, RawRwLock};

pub use crate::raw::lock::LockGuard;

/// A mutual exclusion lock with a value; see `parking_lot::Mutex`. Locking and unlocking are scheduling
/// points.
pub type Mutex<T> = lock_api::Mutex<RawMutex, T>;
/// A guard that unlocks its [`Mutex`] when it is dropped.
pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;
/// A guard of a [`Mutex`] that gives access to a part of the value.
pub type MappedMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawMutex, T>;
/// A lock for many readers or one writer; see `parking_lot::RwLock`.
pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;
/// A guard that holds its [`RwLock`] for reading until it is dropped.
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;
/// A guard that holds its [`RwLock`] for writing until it is dropped.
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;

//! Locks, condition variables, wait groups and atomics for lab code, in the shape of `parking_lot`, `std` and
//! `crossbeam`.
//!
//! Locks are not poisoned: a thread that panics fails the whole run.

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

/// A lock around a value; see `parking_lot::Mutex`. Locking and unlocking are scheduling points.
pub type Mutex<T> = lock_api::Mutex<RawMutex, T>;
/// Holds a [`Mutex`] locked while it lives.
pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;
/// Holds a [`Mutex`] locked and gives access to a part of its value.
pub type MappedMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawMutex, T>;
/// A lock that many readers or one writer hold; see `parking_lot::RwLock`.
pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;
/// Holds an [`RwLock`] for reading while it lives.
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;
/// Holds an [`RwLock`] for writing while it lives.
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;

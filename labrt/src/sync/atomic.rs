//! Atomics for lab code, with the API of `std::sync::atomic`. Every operation is a scheduling point.
//!
//! In a simulation every operation is sequentially consistent, whatever ordering it names: a simulation finds
//! races between threads, but no effects of weak memory ordering.
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! use labrt::sync::Arc;
//! use labrt::sync::atomic::{AtomicU64, Ordering};
//!
//! let next_id = Arc::new(AtomicU64::new(0));
//! let threads: Vec<_> = (0..4)
//!     .map(|_| {
//!         let next_id = next_id.clone();
//!         labrt::thread::spawn(move || next_id.fetch_add(1, Ordering::SeqCst))
//!     })
//!     .collect();
//! let mut ids: Vec<u64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
//! ids.sort_unstable();
//! assert_eq!(ids, [0, 1, 2, 3]);
//! # }).result.unwrap();
//! ```

use std::fmt;
pub use std::sync::atomic::Ordering;
use std::sync::atomic::{self as real};

use crate::context;

#[track_caller]
fn access_point<T>(atomic: &T) {
    context::with(|context| context.access_point(std::ptr::from_ref(atomic).addr()));
}

macro_rules! atomic {
    ($name:ident, $value:ty) => {
        #[doc = concat!("See `std::sync::atomic::", stringify!($name), "`.")]
        #[derive(Default)]
        pub struct $name(real::$name);

        impl $name {
            /// Makes an atomic with this value.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self(real::$name::new(value))
            }

            /// Reads the value.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                access_point(&self.0);
                self.0.load(order)
            }

            /// Writes the value.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                access_point(&self.0);
                self.0.store(value, order);
            }

            /// Writes the value and returns the previous one.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                access_point(&self.0);
                self.0.swap(value, order)
            }

            /// Writes `new` if the value is `current`.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                access_point(&self.0);
                self.0.compare_exchange(current, new, success, failure)
            }

            /// As [`compare_exchange`](Self::compare_exchange). In a simulation it never fails spuriously.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            /// Replaces the value by the result of `change`, and tries again if another thread changed it
            /// meanwhile.
            ///
            /// # Errors
            ///
            /// The value for which `change` returned `None`.
            #[track_caller]
            pub fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut before = self.load(fetch);
                while let Some(after) = change(before) {
                    match self.compare_exchange(before, after, set, fetch) {
                        Ok(before) => return Ok(before),
                        Err(found) => before = found,
                    }
                }
                Err(before)
            }

            /// A mutable reference to the value. No scheduling point: no other thread can access it.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }

            /// Returns the value. No scheduling point.
            #[must_use]
            pub fn into_inner(self) -> $value {
                self.0.into_inner()
            }
        }

        impl From<$value> for $name {
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Defines operations that change the value and return the previous one.
macro_rules! fetch {
    ($name:ident, $value:ty: $($method:ident)*) => {
        impl $name {
            $(
                #[doc = concat!(
                    "See `std::sync::atomic::", stringify!($name), "::", stringify!($method), "`."
                )]
                #[track_caller]
                pub fn $method(&self, value: $value, order: Ordering) -> $value {
                    access_point(&self.0);
                    self.0.$method(value, order)
                }
            )*
        }
    };
}

macro_rules! integer {
    ($($name:ident $value:ty,)*) => {
        $(
            atomic!($name, $value);
            fetch!($name, $value: fetch_add fetch_sub fetch_and fetch_nand fetch_or fetch_xor);
            fetch!($name, $value: fetch_max fetch_min);
        )*
    };
}

atomic!(AtomicBool, bool);
fetch!(AtomicBool, bool: fetch_and fetch_nand fetch_or fetch_xor);
integer! {
    AtomicI8 i8,
    AtomicI16 i16,
    AtomicI32 i32,
    AtomicI64 i64,
    AtomicIsize isize,
    AtomicU8 u8,
    AtomicU16 u16,
    AtomicU32 u32,
    AtomicU64 u64,
    AtomicUsize usize,
}

//! Atomics for lab code, in the shape of `std::sync::atomic`. Every operation is a scheduling point.
//!
//! In a simulation every operation is sequentially consistent, whatever ordering is asked for: the
//! simulation finds races between threads, not between a processor's caches.

use std::fmt;
pub use std::sync::atomic::Ordering;
use std::sync::atomic::{self as real};

use crate::context;

#[track_caller]
fn scheduling_point() {
    context::with(|context| context.scheduling_point());
}

macro_rules! atomic {
    ($name:ident, $value:ty) => {
        #[doc = concat!("See `std::sync::atomic::", stringify!($name), "`.")]
        #[derive(Default)]
        pub struct $name(real::$name);

        impl $name {
            /// An atomic that holds `value`.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self(real::$name::new(value))
            }

            /// Reads the value.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                scheduling_point();
                self.0.load(order)
            }

            /// Writes the value.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                scheduling_point();
                self.0.store(value, order);
            }

            /// Writes the value and returns the one before.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                scheduling_point();
                self.0.swap(value, order)
            }

            /// Writes `new` if the value is `current`.
            ///
            /// # Errors
            ///
            /// The value found, if it is another one.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                scheduling_point();
                self.0.compare_exchange(current, new, success, failure)
            }

            /// As [`compare_exchange`](Self::compare_exchange); in a simulation it never fails without a
            /// reason.
            ///
            /// # Errors
            ///
            /// The value found, if it is another one.
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

            /// Replaces the value by what `change` makes of it, trying again when another thread was faster.
            ///
            /// # Errors
            ///
            /// The value for which `change` gave `None`.
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

            /// The value, without a scheduling point: nobody else can reach it.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }

            /// The value, without a scheduling point.
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

/// Operations that change the value and return the one before.
macro_rules! fetch {
    ($name:ident, $value:ty: $($method:ident)*) => {
        impl $name {
            $(
                #[doc = concat!("See `std::sync::atomic::", stringify!($name), "::", stringify!($method), "`.")]
                #[track_caller]
                pub fn $method(&self, value: $value, order: Ordering) -> $value {
                    scheduling_point();
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
            fetch!($name, $value: fetch_add fetch_sub fetch_and fetch_nand fetch_or fetch_xor fetch_max fetch_min);
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

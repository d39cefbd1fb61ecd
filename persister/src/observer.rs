//! [`Observer`]: gets the events of every save.

use std::panic::Location;

/// A step of a save, for an [`Observer`].
#[derive(Clone, Copy, Debug)]
pub struct SaveEvent<'a> {
    /// The number of the save. Saves are counted from 1, in the order in which they begin. A
    /// [copy](crate::Storage::copy) goes on counting.
    pub number: u64,
    /// The step.
    pub step: SaveStep,
    /// The names and bytes of the saved records. Records that a later save has replaced meanwhile are left
    /// out, so an event after [`Began`](SaveStep::Began) may have fewer records, or none.
    pub records: &'a [(&'a str, &'a [u8])],
    /// The line of lab code that saves.
    pub location: &'static Location<'static>,
}

/// The steps of a save. A save that takes no time has a single step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveStep {
    /// A save that takes time has begun.
    Began,
    /// The save takes effect: reads see it from now on, and a crash does not undo it.
    TookEffect {
        /// Whether the save took time.
        slow: bool,
    },
    /// A crash interrupts the save: a [copy](crate::Storage::copy) is taken.
    Interrupted {
        /// Whether the save takes effect in the copy.
        took_effect: bool,
    },
}

/// An observer of every save of a storage, in the order in which they happen.
///
/// It is called on the thread that saves or copies, before the save can be read, and under the storage's
/// lock. So it must not use the storage, wait, or call a scheduling point. It does not change the run.
pub trait Observer: Send + Sync {
    /// Called when `event` happens.
    fn on(&self, event: &SaveEvent<'_>);
}

//! [`Observer`]: who is told of each save.

use std::panic::Location;

/// A step of a save, as an [`Observer`] is told it.
#[derive(Clone, Copy, Debug)]
pub struct SaveEvent<'a> {
    /// The save's number: saves are counted from 1, in the order in which they begin. A
    /// [copy](crate::Storage::copy) goes on counting.
    pub number: u64,
    /// Which step it is.
    pub step: SaveStep,
    /// The records that are saved, with their names. Records that a save begun later has replaced meanwhile
    /// are left out, so an event after [`Began`](SaveStep::Began) may have fewer of them, or none.
    pub records: &'a [(&'a str, &'a [u8])],
    /// The line of lab code that saves.
    pub location: &'static Location<'static>,
}

/// The steps of a save. One that takes no time has a single step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveStep {
    /// A save that takes time has begun.
    Began,
    /// It takes effect: whoever reads from now on sees it, and a crash does not undo it.
    TookEffect {
        /// Whether it took time.
        slow: bool,
    },
    /// A crash found it under way: somebody took a [copy](crate::Storage::copy).
    Interrupted {
        /// Whether the copy has it.
        took_effect: bool,
    },
}

/// Learns of every save of a storage, in the order in which they happen.
///
/// It is told on the thread that saves or copies, before anybody can read what was saved. Therefore it must
/// not use the storage, wait, or come to a scheduling point. It changes nothing of the run.
pub trait Observer: Send + Sync {
    /// `event` happens now.
    fn on(&self, event: &SaveEvent<'_>);
}

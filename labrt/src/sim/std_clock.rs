//! [`StdClock`]: the clocks of std in a simulation.

use std::cell::Cell;

/// Virtual nanoseconds by which each read advances the clock of std, so that a busy wait for a time ends.
const READ_STEP: u64 = 100;

/// The clock of std, as simulated threads see it.
pub(super) struct StdClock {
    /// The scheduling point of the last read, and the number of reads since then.
    reads: Cell<(u64, u32)>,
    /// The result of the last read, on the run's clock.
    shown: Cell<u64>,
}

impl StdClock {
    pub(super) fn new() -> Self {
        Self { reads: Cell::new((0, 0)), shown: Cell::new(0) }
    }

    /// Reads the clock after `steps` scheduling points of the run, at the run's time `now`. Returns the time
    /// shown, and the number of earlier reads since the last scheduling point.
    pub(super) fn read(&self, steps: u64, now: u64) -> (u64, u32) {
        let (at, count) = self.reads.get();
        let count = if at == steps { count + 1 } else { 0 };
        self.reads.set((steps, count));
        let shown = now.max(self.shown.get() + READ_STEP);
        self.shown.set(shown);
        (shown, count)
    }

    /// Calls `f`, whose reads do not count.
    pub(super) fn without_reads<R>(&self, f: impl FnOnce() -> R) -> R {
        let (reads, shown) = (self.reads.get(), self.shown.get());
        let result = f();
        self.reads.set(reads);
        self.shown.set(shown);
        result
    }

    /// The result of the last read.
    pub(super) fn shown(&self) -> u64 {
        self.shown.get()
    }
}

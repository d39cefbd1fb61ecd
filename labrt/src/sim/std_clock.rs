//! [`StdClock`]: what the clocks of std show in a simulation.

use std::cell::Cell;

/// Virtual nanoseconds between two reads at the clock of std, so that whoever waits for a time by looking at
/// the clock sees it come.
const READ_STEP: u64 = 100;

/// The clock of std, as simulated threads see it.
pub(super) struct StdClock {
    /// The scheduling point at which it was last looked at, and the reads since then.
    reads: Cell<(u64, u32)>,
    /// The time at the last look, on the run's clock.
    shown: Cell<u64>,
}

impl StdClock {
    pub(super) fn new() -> Self {
        Self { reads: Cell::new((0, 0)), shown: Cell::new(0) }
    }

    /// A look at the clock after so many scheduling points of the run, when it is `now` by the run's clock.
    /// Answers what it shows, and how often it was looked at since the last scheduling point.
    pub(super) fn read(&self, steps: u64, now: u64) -> (u64, u32) {
        let (at, count) = self.reads.get();
        let count = if at == steps { count + 1 } else { 0 };
        self.reads.set((steps, count));
        let shown = now.max(self.shown.get() + READ_STEP);
        self.shown.set(shown);
        (shown, count)
    }

    /// What it showed at the last look.
    pub(super) fn shown(&self) -> u64 {
        self.shown.get()
    }
}

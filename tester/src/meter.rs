//! [`Meter`]: the figures of a run, also of one that fails.

use std::time::Duration;

use parking_lot::Mutex;

/// Counts from the beginning of a test. A run that fails ends immediately, so the figures are updated during
/// the test, and read after the run.
#[derive(Default)]
pub(crate) struct Meter {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Default)]
struct State {
    began: Option<Duration>,
    ended: Option<Duration>,
    rpcs_before: u64,
    bytes_before: u64,
    figures: Figures,
}

/// The figures that the course prints of a test.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    pub rpcs: u64,
    pub bytes: u64,
    pub commands: u64,
    pub operations: u64,
}

impl Meter {
    /// Begins the test. `rpcs` and `bytes` are the network's counts so far.
    pub fn begin(&self, now: Duration, rpcs: u64, bytes: u64) {
        *self.state.lock() =
            State { began: Some(now), rpcs_before: rpcs, bytes_before: bytes, ..State::default() };
    }

    /// Updates the figures. `seen` has the network's counts in all.
    pub fn update(&self, seen: Figures) {
        let mut state = self.state.lock();
        // On real threads an earlier count may arrive later.
        let State { rpcs_before, bytes_before, figures, .. } = *state;
        state.figures = Figures {
            rpcs: figures.rpcs.max(seen.rpcs.saturating_sub(rpcs_before)),
            bytes: figures.bytes.max(seen.bytes.saturating_sub(bytes_before)),
            commands: figures.commands.max(seen.commands),
            operations: figures.operations.max(seen.operations),
        };
    }

    /// Ends the test.
    pub fn end(&self, now: Duration) {
        self.state.lock().ended = Some(now);
    }

    /// The figures, and the time that the test took; until `stopped` if it did not end.
    pub fn read(&self, stopped: Duration) -> (Figures, Duration) {
        let state = *self.state.lock();
        let time =
            state.began.map_or(Duration::ZERO, |began| state.ended.unwrap_or(stopped).saturating_sub(began));
        (state.figures, time)
    }
}

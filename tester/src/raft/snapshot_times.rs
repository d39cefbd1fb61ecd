//! [`SnapshotTimes`]: how long the services take for a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

/// How long the service on each server takes for a snapshot. Clones are the same times. At first it takes no
/// time.
#[derive(Clone, Default)]
pub(crate) struct SnapshotTimes(Arc<Mutex<BTreeMap<usize, Duration>>>);

impl SnapshotTimes {
    pub fn set(&self, server: usize, time: Duration) {
        self.0.lock().insert(server, time);
    }

    pub fn of(&self, server: usize) -> Duration {
        self.0.lock().get(&server).copied().unwrap_or_default()
    }
}

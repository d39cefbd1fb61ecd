//! Reads.

use std::sync::Arc;
use std::time::Duration;

use labapi::{LogIndex, RaftExtended, ReadError};

use super::ExtendedCluster;
use super::event::RaftExtendedEvent;
use crate::display::Seconds;
use crate::raft::AppliesCommands;

/// The time within which a server has to apply what a read waits for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The interval between two looks.
const INTERVAL: Duration = Duration::from_millis(10);

impl ExtendedCluster {
    /// Asks a server for a read by ReadIndex, and waits for the answer; `None` if it is down.
    pub(super) fn read(&self, server: usize) -> Option<Result<LogIndex, ReadError>> {
        self.ask_to_read(server, "read_index", false, |raft| raft.read_index())
    }

    /// Asks a server for a read by its lease; `None` if it is down.
    pub(super) fn lease_read(&self, server: usize) -> Option<Result<LogIndex, ReadError>> {
        self.ask_to_read(server, "lease_read", true, |raft| raft.lease_read())
    }

    fn ask_to_read(
        &self,
        server: usize,
        what: &'static str,
        by_lease: bool,
        ask: fn(&dyn RaftExtended) -> Result<LogIndex, ReadError>,
    ) -> Option<Result<LogIndex, ReadError>> {
        let (cluster, read) = (self.clone(), self.protocol().next_read());
        let call = move |who, raft: Arc<dyn RaftExtended>| {
            cluster.source(who).emit(&RaftExtendedEvent::ReadBegan { read });
            ask(&*raft)
        };
        let (who, answer) = self.call(server, what, call)?;
        if let Ok(index) = answer {
            self.source(who).emit(&RaftExtendedEvent::ReadAnswered { read, by_lease, index });
        }
        Some(answer)
    }

    /// Expects the service on a server to come to the index of a read.
    #[track_caller]
    pub(super) fn expect_applies(&self, server: usize, index: LogIndex) {
        let began = self.now();
        while self.protocol().applied(server) < index {
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected server {server} to apply index {index} within {}, for a read that waits for \
                     it; \
                     saw it at index {}",
                    Seconds(PATIENCE),
                    self.protocol().applied(server)
                ));
            }
            self.sleep(INTERVAL);
        }
    }
}

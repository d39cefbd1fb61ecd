//! Reads without any message: the leader's lease (thesis §6.4.1).
//!
//! A server that has heard of a leader votes for nobody during the minimum election timeout (`election.rs`).
//! So when a quorum has answered requests that were sent at some time or later, nobody is elected for that
//! long after this time. Three things could break it:
//!
//! - Clocks. The leader measures the lease, and its followers measure the timeout. So the lease is shorter
//!   than the timeout, by as much as clocks may differ. If they differ by more, a read may be stale: nothing
//!   tells.
//! - A crash. A follower that starts again does not know when it heard of a leader. It takes its start for
//!   that time (`State::heard_leader`).
//! - A transfer of leadership. The server that the leader tells to stand is voted for at once. So the leader
//!   has no lease after it has told somebody, for the rest of its term: the message may come late.

use labapi::{LogIndex, ReadError};
use labrt::time::{Duration, Instant};

use crate::server::Server;

/// How long a lease lasts after the contact with a quorum, by the leader's clock. If the leader's clock is a
/// tenth slow and those of its followers are a tenth fast, it must not exceed 300 ms × 0.9 / 1.1 = 245 ms.
const LEASE: Duration = Duration::from_millis(240);

impl Server {
    /// The index up to which a read has to wait for the service, if there is a lease.
    pub(crate) fn read_by_lease(&self) -> Result<LogIndex, ReadError> {
        let mut state = self.state.lock();
        let contact = self.quorum_contact(&state);
        let Some(leadership) = state.leadership() else { return Err(ReadError::NotLeader) };
        let told_to_stand = leadership.told_to_stand;
        let has_lease = contact.is_some_and(|contact| Instant::now() < contact + LEASE);
        if has_lease && !told_to_stand && state.knows_what_is_committed() {
            Ok(state.commit_index)
        } else {
            Err(ReadError::NoLease)
        }
    }
}

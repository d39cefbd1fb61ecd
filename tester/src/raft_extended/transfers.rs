//! Transfer of leadership.

use std::sync::Arc;
use std::time::Duration;

use labapi::{RaftExtended, Term, TransferError};

use super::ExtendedCluster;
use crate::display::Seconds;

/// The time within which the other server has to lead.
const PATIENCE: Duration = Duration::from_secs(1);

/// The interval between two looks.
const INTERVAL: Duration = Duration::from_millis(5);

impl ExtendedCluster {
    /// Asks a server to hand its leadership over; `None` if it is down.
    pub(super) fn transfer(&self, from: usize, to: usize) -> Option<Result<(), TransferError>> {
        let ask = move |_, raft: Arc<dyn RaftExtended>| raft.transfer_leadership(to);
        self.call(from, "transfer_leadership", ask).map(|(_, answer)| answer)
    }

    /// Expects a leader to begin a transfer.
    #[track_caller]
    pub(super) fn begin_transfer(&self, from: usize, to: usize) {
        if let Some(Err(error)) = self.transfer(from, to) {
            self.fail(format!(
                "expected server {from}, which leads, to begin to hand over to server {to}; saw it refuse: \
                 {error}"
            ));
        }
    }

    /// Expects a server to lead the term after `term` within a second.
    #[track_caller]
    pub(super) fn expect_takes_over(&self, to: usize, term: Term) {
        let began = self.now();
        loop {
            let state = self.get_state(to);
            if state.is_some_and(|it| it.is_leader && it.term == term.next()) {
                return;
            }
            let is_late = self.now() - began >= PATIENCE;
            if is_late || state.is_some_and(|it| it.term > term.next()) {
                let seen = state.map_or("it is down".to_owned(), |it| {
                    let role = if it.is_leader { "leads" } else { "does not lead" };
                    format!("it is in term {} and {role}", it.term)
                });
                self.fail(format!(
                    "expected server {to} to take over and lead term {} within {} (thesis §3.10); saw that \
                     {seen}",
                    term.next(),
                    Seconds(PATIENCE)
                ));
            }
            self.sleep(INTERVAL);
        }
    }
}

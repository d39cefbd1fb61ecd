//! Watching a leader for a while.

use std::time::Duration;

use labapi::Term;

use super::ExtendedCluster;
use crate::display::Seconds;

/// The interval between two looks.
const INTERVAL: Duration = Duration::from_millis(10);

impl ExtendedCluster {
    /// The leader of the moment, its term, and the other servers in the order of their numbers after it.
    #[track_caller]
    pub(super) fn roles<const OTHERS: usize>(&self) -> (usize, Term, [usize; OTHERS]) {
        let leader = self.check_one_leader();
        let term = self.term_of(leader).unwrap_or_default();
        (leader, term, std::array::from_fn(|at| self.after(leader, at + 1)))
    }

    /// Expects a server to lead a term for the whole of `time`. `why`: the reason why nothing deposes it.
    #[track_caller]
    pub(super) fn expect_leads_on(&self, leader: usize, term: Term, time: Duration, why: &str) {
        let began = self.now();
        while self.now() - began < time {
            let state = self.get_state(leader);
            if state.is_none_or(|it| !it.is_leader || it.term != term) {
                let seen = state.map_or("down".to_owned(), |it| {
                    format!("in term {}, {}", it.term, if it.is_leader { "leading" } else { "not leading" })
                });
                self.fail(format!(
                    "expected server {leader} to go on leading term {term}, because {why}; saw it {seen} \
                     after {}",
                    Seconds(self.now() - began)
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Expects a server to stop leading within `time`. `why`: the reason.
    #[track_caller]
    pub(super) fn expect_stops_leading(&self, leader: usize, time: Duration, why: &str) {
        let began = self.now();
        while self.get_state(leader).is_some_and(|state| state.is_leader) {
            if self.now() - began >= time {
                self.fail(format!(
                    "expected server {leader} to stop leading within {}, because {why}; saw it lead on",
                    Seconds(time)
                ));
            }
            self.sleep(INTERVAL);
        }
    }
}

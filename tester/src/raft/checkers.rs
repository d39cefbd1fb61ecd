//! Checks of leaders and terms.

use std::collections::BTreeMap;

use labapi::{State, Term};

use super::OnRaft;
use crate::Cluster;
use crate::display::{Seconds, Servers};

/// The number of checks of [`Cluster::check_one_leader`].
const ROUNDS: usize = 10;

impl<P: OnRaft> Cluster<P> {
    /// Waits until some connected server leads, and returns it: of several, the one of the highest term.
    ///
    /// Checks about every half second, ten times at most. Fails if there is no leader by then, or if two
    /// connected servers lead the same term.
    #[track_caller]
    pub fn check_one_leader(&self) -> usize {
        let began = self.now();
        let mut last_seen = Vec::new();
        for _ in 0..ROUNDS {
            self.sleep(self.rand_pause());
            last_seen = self.states();
            let mut leaders: BTreeMap<Term, Vec<usize>> = BTreeMap::new();
            for &(server, state) in &last_seen {
                if state.is_leader {
                    leaders.entry(state.term).or_default().push(server);
                }
            }
            for (term, servers) in &leaders {
                if servers.len() > 1 {
                    self.fail(format!(
                        "expected at most one leader in a term; saw {} lead term {term}",
                        Servers(servers)
                    ));
                }
            }
            if let Some((_, leader)) = leaders.pop_last() {
                return leader[0];
            }
        }
        self.fail(format!(
            "expected one leader among {}; saw none in {ROUNDS} rounds ({}): {}",
            Servers(&servers_of(&last_seen)),
            Seconds(self.now() - began),
            terms_of(&last_seen),
        ))
    }

    /// The first server that claims to lead, connected or not.
    #[track_caller]
    pub fn any_leader(&self) -> Option<usize> {
        (0..self.n_servers()).find(|&server| self.get_state(server).is_some_and(|state| state.is_leader))
    }

    /// Expects all connected servers to be in the same term, and returns it.
    #[track_caller]
    pub fn check_terms(&self) -> Term {
        let states = self.states();
        let Some(&(_, State { term, .. })) = states.first() else {
            self.fail("expected a connected server to ask for its term; saw none")
        };
        if states.iter().any(|(_, state)| state.term != term) {
            self.fail(format!(
                "expected {} to agree on the term; saw {}",
                Servers(&servers_of(&states)),
                terms_of(&states)
            ));
        }
        term
    }

    /// Expects no connected server to lead.
    #[track_caller]
    pub fn check_no_leader(&self) {
        let states = self.states();
        if let Some((server, state)) = states.iter().find(|(_, state)| state.is_leader) {
            self.fail(format!(
                "expected no leader among {}, which are no majority; saw server {server} lead term {}",
                Servers(&servers_of(&states)),
                state.term
            ));
        }
    }

    /// The states of the connected servers.
    #[track_caller]
    fn states(&self) -> Vec<(usize, State)> {
        let mut states = Vec::with_capacity(self.n_servers());
        for server in 0..self.n_servers() {
            if self.is_connected(server)
                && let Some(state) = self.get_state(server)
            {
                states.push((server, state));
            }
        }
        states
    }

    /// Whether every server, connected or not, is up and in `term`.
    #[must_use]
    #[track_caller]
    pub fn all_in_term(&self, term: Term) -> bool {
        (0..self.n_servers()).all(|server| self.term_of(server) == Some(term))
    }
}

fn servers_of(states: &[(usize, State)]) -> Vec<usize> {
    states.iter().map(|(server, _)| *server).collect()
}

/// `terms 4, 4, 5`.
fn terms_of(states: &[(usize, State)]) -> String {
    let terms: Vec<String> = states.iter().map(|(_, state)| state.term.to_string()).collect();
    if terms.is_empty() { "no server is connected".into() } else { format!("terms {}", terms.join(", ")) }
}

//! What the tests handed to `start`, and what came back.

use labapi::{LogIndex, Started, Term};
use rustc_hash::FxHashSet;

use super::Verdict;
use crate::command::Command;

/// Every command that was ever submitted, and every place that a leader promised.
#[derive(Default)]
pub(super) struct Submitted {
    commands: FxHashSet<Command>,
    places: FxHashSet<(Term, LogIndex)>,
    pub accepted: u64,
}

impl Submitted {
    /// `command` is about to be handed to a server.
    pub fn submit(&mut self, command: &Command) {
        if !self.commands.contains(command) {
            self.commands.insert(command.clone());
        }
    }

    /// The submitted command of these bytes.
    pub fn find(&self, bytes: &[u8]) -> Option<&Command> {
        self.commands.get(bytes)
    }

    /// `server` took a command and says where it will be. A leader never overwrites its own log
    /// (paper, Figure 3, Leader Append-Only), so it gives out each place once in a term.
    pub fn accept(&mut self, server: usize, place: Started) -> Verdict {
        self.accepted += 1;
        let Started { index, term } = place;
        if index.0 == 0 {
            return Err(format!(
                "expected indices that count from 1; saw start on server {server} answer index 0 in term {term}"
            ));
        }
        if !self.places.insert((term, index)) {
            return Err(format!(
                "expected the leader of term {term} to give out each index once; \
                 saw start on server {server} answer index {index} for a second time in that term"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(index: u64, term: u64) -> Started {
        Started { index: LogIndex(index), term: Term(term) }
    }

    #[test]
    fn a_later_leader_may_give_out_a_place_again_but_not_the_same_one() {
        let mut submitted = Submitted::default();
        for (server, index, term) in [(0, 1, 1), (0, 2, 1), (2, 2, 2), (0, 3, 1)] {
            assert_eq!(submitted.accept(server, place(index, term)), Ok(()));
        }
        let twice = submitted.accept(0, place(2, 1)).expect_err("given out before");
        assert!(twice.contains("saw start on server 0 answer index 2 for a second time"), "{twice}");
        assert_eq!(submitted.accepted, 5);
    }

    #[test]
    fn there_is_no_index_zero() {
        let zero = Submitted::default().accept(1, place(0, 1)).expect_err("no such place");
        assert!(zero.contains("count from 1"), "{zero}");
    }
}

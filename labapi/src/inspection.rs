//! [`Inspection`]: what a Raft peer tells of itself.

use serde::Serialize;

use crate::{LogIndex, Term};

/// What a Raft peer tells of itself, in answer to [`Raft::inspect`](crate::Raft::inspect). All of it is
/// optional.
///
/// ```
/// use labapi::{Inspection, LogIndex, Role, Term};
///
/// let told = Inspection::new(Term(3), Role::Follower)
///     .voted_for(Some(1))
///     .log(LogIndex(10), Term(1), [Term(1), Term(1), Term(3)])
///     .commit_index(LogIndex(12));
/// assert_eq!(told.last_index, Some(LogIndex(13)));
/// assert_eq!(told.term_at(LogIndex(12)), Some(Term(1)));
/// assert_eq!(told.term_at(LogIndex(13)), Some(Term(3)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// `currentTerm` of Figure 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<Term>,
    /// The role in that term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The candidate that has the vote of that term, or that none has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voted_for: Option<Option<usize>>,
    /// The last index that the snapshot replaces; 0 without a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_index: Option<LogIndex>,
    /// The term of the entry at that index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_term: Option<Term>,
    /// The index of the last entry, which may be in the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_index: Option<LogIndex>,
    /// The terms of the entries after the snapshot: of each run of entries of one term, the first index and
    /// the term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<Run>>,
    /// `commitIndex` of Figure 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_index: Option<LogIndex>,
    /// `lastApplied` of Figure 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_applied: Option<LogIndex>,
    /// `nextIndex[]` of a leader, by server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_index: Option<Vec<LogIndex>>,
    /// `matchIndex[]` of a leader, by server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_index: Option<Vec<LogIndex>>,
}

/// The role of a Raft peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Role {
    /// It answers others.
    Follower,
    /// It asks for votes.
    Candidate,
    /// It replicates its log.
    Leader,
}

/// Entries of a log, one after the other, that have the same term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The index of the first of them. They end before the next run, or with the log.
    pub index: LogIndex,
    /// Their term.
    pub term: Term,
}

impl Inspection {
    /// A peer in this term, with this role.
    #[must_use]
    pub fn new(term: Term, role: Role) -> Self {
        Self { term: Some(term), role: Some(role), ..Self::default() }
    }

    /// Adds the candidate that has the vote of the term; `None`: none has it.
    #[must_use]
    pub fn voted_for(self, candidate: Option<usize>) -> Self {
        Self { voted_for: Some(candidate), ..self }
    }

    /// Adds the log: the last index and term that the snapshot replaces (0 without one), and the terms of the
    /// entries after it.
    #[must_use]
    pub fn log(self, base: LogIndex, base_term: Term, terms: impl IntoIterator<Item = Term>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let mut last = base;
        for term in terms {
            last = last.next();
            if runs.last().is_none_or(|run| run.term != term) {
                runs.push(Run { index: last, term });
            }
        }
        let (base_index, base_term, last_index) = (Some(base), Some(base_term), Some(last));
        Self { base_index, base_term, last_index, runs: Some(runs), ..self }
    }

    /// Adds the highest index that is known to be committed.
    #[must_use]
    pub fn commit_index(self, index: LogIndex) -> Self {
        Self { commit_index: Some(index), ..self }
    }

    /// Adds the highest index that was handed to the service.
    #[must_use]
    pub fn last_applied(self, index: LogIndex) -> Self {
        Self { last_applied: Some(index), ..self }
    }

    /// Adds what a leader knows of each server, itself included: the next index to send, and the highest
    /// index that is known to be replicated there.
    #[must_use]
    pub fn progress(self, next: Vec<LogIndex>, matched: Vec<LogIndex>) -> Self {
        Self { next_index: Some(next), match_index: Some(matched), ..self }
    }

    /// The term of the entry at `index`, if the log was told and has it; also of the last one that the
    /// snapshot replaces.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if Some(index) == self.base_index {
            return self.base_term;
        }
        let runs =
            self.runs.as_ref().filter(|_| Some(index) <= self.last_index && Some(index) > self.base_index)?;
        runs.iter().rev().find(|run| run.index <= index).map(|run| run.term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_told_as_runs_of_one_term() {
        let terms = [1, 1, 2, 2, 2, 5].map(Term);
        let told = Inspection::default().log(LogIndex(4), Term(1), terms);
        let runs: Vec<(u64, u64)> = told.runs.iter().flatten().map(|run| (run.index.0, run.term.0)).collect();
        assert_eq!(runs, [(5, 1), (7, 2), (10, 5)]);
        let at: Vec<Option<u64>> =
            (3..12).map(|index| told.term_at(LogIndex(index)).map(|term| term.0)).collect();
        assert_eq!(at, [None, Some(1), Some(1), Some(1), Some(2), Some(2), Some(2), Some(5), None]);
        let empty = Inspection::default().log(LogIndex(0), Term(0), []);
        assert_eq!((empty.last_index, empty.term_at(LogIndex(1))), (Some(LogIndex(0)), None));
        assert_eq!(Inspection::default().term_at(LogIndex(1)), None);
    }
}

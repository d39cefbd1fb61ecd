//! Rules of Raft: the sentences of Figure 2, of the section on snapshots, and of persistence.

use crate::Rule;

/// An older term is refused.
pub(super) const AE1: Rule = Rule {
    id: "AE1",
    title: "an AppendEntries of an older term is refused",
    place: "Figure 2, AppendEntries RPC, 1",
    text: "reply false if term < currentTerm",
    why: "The sender led an older term. A newer leader may have replaced its entries, and what a majority has \
          stored since would be overwritten.",
    mistake: "The handler compares prev_log_index and prev_log_term and forgets the term, or it compares the \
              term after it has changed the log.",
    cure: "Begin the handler with the comparison of terms. Answer with your own term and false, and change \
           nothing.",
};

/// All of them, in the order of the paper.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&AE1]
}

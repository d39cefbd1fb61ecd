//! [`Field`]: the fields of Raft's messages, by name.

/// A field of a message or of a saved state of Raft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The sender's term; of an entry, its term.
    Term,
    /// The server that calls: leader or candidate.
    Caller,
    /// The index of the entry before the new ones.
    PrevIndex,
    /// The term of the entry before the new ones.
    PrevTerm,
    /// The index of the last entry of a log.
    LastIndex,
    /// The term of the last entry of a log.
    LastTerm,
    /// The last index that a snapshot includes.
    BaseIndex,
    /// The term of the entry at that index.
    BaseTerm,
    /// Entries of a log.
    Entries,
    /// The commit index.
    Commit,
    /// Whether entries were accepted.
    Success,
    /// Whether a vote was given.
    Granted,
    /// The candidate that got a vote.
    VotedFor,
    /// The index of an entry.
    Index,
    /// The bytes of a snapshot.
    Data,
}

impl Field {
    /// The field of that name. Underscores and capital letters do not matter.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
        Some(match plain.as_str() {
            "term" | "currentterm" | "leaderterm" | "candidateterm" => Self::Term,
            "leader" | "leaderid" | "candidate" | "candidateid" => Self::Caller,
            "prevlogindex" | "prevlogidx" | "previndex" | "previdx" | "previouslogindex"
            | "previousindex" => Self::PrevIndex,
            "prevlogterm" | "prevterm" | "previouslogterm" | "previousterm" => Self::PrevTerm,
            "lastlogindex" | "lastlogidx" | "lastindex" | "lastidx" => Self::LastIndex,
            "lastlogterm" | "lastterm" => Self::LastTerm,
            "lastincludedindex" | "lastincludedidx" | "snapshotindex" | "baseindex" => Self::BaseIndex,
            "lastincludedterm" | "snapshotterm" | "baseterm" => Self::BaseTerm,
            "entries" | "logentries" | "log" | "newentries" => Self::Entries,
            "leadercommit" | "leadercommitindex" | "commitindex" | "commit" => Self::Commit,
            "success" | "succeeded" | "accepted" => Self::Success,
            "votegranted" | "granted" | "grantvote" | "grantedvote" => Self::Granted,
            "votedfor" => Self::VotedFor,
            "index" | "idx" => Self::Index,
            "data" | "snapshot" | "snapshotdata" => Self::Data,
            _ => return None,
        })
    }
}

/// Whether a text can be the name of a type or a variant.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(char::is_uppercase) && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        for name in ["prev_log_index", "prevLogIndex", "PrevLogIndex", "prev_index", "previous_log_index"] {
            assert_eq!(Field::of(name), Some(Field::PrevIndex), "{name}");
        }
        for name in ["terms", "key", "", "_"] {
            assert_eq!(Field::of(name), None, "{name}");
        }
    }
}

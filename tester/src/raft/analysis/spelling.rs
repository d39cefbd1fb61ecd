//! The names that Raft's methods and fields have in solutions. A solution with other names is understood by
//! adding its spelling here, and nowhere else.
//!
//! Names are compared without case and underscores: `prev_log_index`, `prevLogIndex` and `PrevLogIndex` are
//! one name.

use labgob::Value;

/// The spellings of a method or a field, in lower case and without underscores. The first is the paper's.
pub(super) type Spellings = &'static [&'static str];

pub(super) const REQUEST_VOTE: Spellings = &["requestvote", "handlerequestvote", "vote", "askforvote"];
pub(super) const APPEND_ENTRIES: Spellings =
    &["appendentries", "handleappendentries", "appendentry", "append", "replicate"];
pub(super) const INSTALL_SNAPSHOT: Spellings =
    &["installsnapshot", "handleinstallsnapshot", "snapshot", "sendsnapshot"];

pub(super) const TERM: Spellings = &["term", "currentterm", "myterm"];
pub(super) const LAST_LOG_INDEX: Spellings = &["lastlogindex", "lastindex", "lastlogidx"];
pub(super) const LAST_LOG_TERM: Spellings = &["lastlogterm", "lastterm"];
pub(super) const VOTE_GRANTED: Spellings = &["votegranted", "granted", "votegrant", "isgranted"];
/// A flag that makes a request for a vote a question which changes nothing.
pub(super) const PRE_VOTE: Spellings = &["prevote", "isprevote", "pre"];
pub(super) const PREV_LOG_INDEX: Spellings = &["prevlogindex", "previndex", "prevlogidx", "previouslogindex"];
pub(super) const PREV_LOG_TERM: Spellings = &["prevlogterm", "prevterm", "previouslogterm"];
pub(super) const ENTRIES: Spellings = &["entries", "logentries", "newentries", "logs"];
pub(super) const LEADER_COMMIT: Spellings =
    &["leadercommit", "leadercommitindex", "commitindex", "leadercommitidx"];
pub(super) const SUCCESS: Spellings = &["success", "succeeded", "succeed", "accepted"];
pub(super) const LAST_INCLUDED_INDEX: Spellings =
    &["lastincludedindex", "lastincludedidx", "snapshotindex", "lastsnapshotindex"];
pub(super) const LAST_INCLUDED_TERM: Spellings = &["lastincludedterm", "snapshotterm", "lastsnapshotterm"];
pub(super) const COMMAND: Spellings = &["command", "cmd", "data", "payload"];

/// A name without case and underscores.
fn plain(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|&c| c != '_').map(|c| c.to_ascii_lowercase())
}

/// Whether a name is one of these spellings.
pub(super) fn is(name: &str, spellings: Spellings) -> bool {
    spellings.iter().any(|spelling| plain(name).eq(spelling.chars()))
}

/// The field of a struct that has one of these names; an earlier spelling wins.
pub(super) fn field(value: &Value, spellings: Spellings) -> Option<Value> {
    let of = |spelling: &&str| {
        value.fields().find(|(name, _)| plain(name).eq(spelling.chars())).map(|(_, value)| value)
    };
    spellings.iter().find_map(of)
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[test]
    fn case_and_underscores_do_not_matter() {
        for name in ["prev_log_index", "prevLogIndex", "PrevLogIndex", "prev_index"] {
            assert!(is(name, PREV_LOG_INDEX), "{name}");
        }
        assert!(!is("prev_log_term", PREV_LOG_INDEX) && !is("pre_vote", REQUEST_VOTE));
    }

    #[test]
    fn the_paper_s_name_comes_before_others() {
        #[derive(Serialize)]
        #[allow(non_snake_case)]
        struct Reply {
            myTerm: u64,
            Term: u64,
        }
        let value = Value::of(&Reply { myTerm: 1, Term: 2 }).unwrap();
        assert_eq!(field(&value, TERM).and_then(|term| term.as_u64()), Some(2));
        assert_eq!(field(&value, SUCCESS), None);
    }
}

//! [`Meaning`]: what a message says in Raft's terms, whatever its fields are called.
//!
//! Names are compared without case and underscores: `prev_log_index`, `prevLogIndex` and `PrevLogIndex` are
//! one name. A message of another protocol has no meaning here, and the page shows it all the same.

use serde::Serialize;
use serde_json::{Map, Value as Json};

/// What a request or a reply says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Meaning {
    /// The call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) call: Option<RaftCall>,
    /// The sender's term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) term: Option<u64>,
    /// The index before the new entries, the last of a candidate's log, or the last in a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<u64>,
    /// The term of the entry at `index`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index_term: Option<u64>,
    /// The terms of the new entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entries: Option<Vec<Option<u64>>>,
    /// The leader's commit index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<u64>,
    /// In a reply: whether the request was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accepted: Option<bool>,
}

/// A call of Raft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RaftCall {
    RequestVote,
    AppendEntries,
    InstallSnapshot,
}

const TERM: &[&str] = &["term", "currentterm", "leaderterm", "candidateterm"];
const PREV_INDEX: &[&str] = &["prevlogindex", "previndex", "previouslogindex", "previousindex"];
const PREV_TERM: &[&str] = &["prevlogterm", "prevterm", "previouslogterm", "previousterm"];
const ENTRIES: &[&str] = &["entries", "logentries", "newentries", "log", "logs"];
const COMMIT: &[&str] = &["leadercommit", "commitindex", "leadercommitindex", "commit", "leadercommitted"];
const LAST_INDEX: &[&str] = &["lastlogindex", "lastindex"];
const LAST_TERM: &[&str] = &["lastlogterm", "lastterm"];
const SNAPSHOT_INDEX: &[&str] =
    &["lastincludedindex", "lastincluded", "snapshotindex", "snapshotlastindex", "lastsnapshotindex"];
const SNAPSHOT_TERM: &[&str] = &["lastincludedterm", "snapshotterm", "snapshotlastterm", "lastsnapshotterm"];
const ACCEPTED: &[&str] = &["success", "succeeded", "votegranted", "granted", "accepted", "ok"];

/// The name without what its spelling adds.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The fields of a message that may be wrapped in one or more structs or enums of one field.
fn fields(content: &Json) -> Option<&Map<String, Json>> {
    match content {
        Json::Object(map) if map.len() == 1 => match map.values().next() {
            Some(inner @ Json::Object(_)) => fields(inner),
            _ => Some(map),
        },
        Json::Object(map) => Some(map),
        Json::Array(list) if list.len() == 1 => fields(&list[0]),
        _ => None,
    }
}

fn field<'a>(map: &'a Map<String, Json>, names: &[&str]) -> Option<&'a Json> {
    // In the order of the names: the first is the most usual.
    names.iter().find_map(|name| map.iter().find(|(key, _)| plain(key) == *name).map(|(_, value)| value))
}

fn number(map: &Map<String, Json>, names: &[&str]) -> Option<u64> {
    field(map, names).and_then(Json::as_u64)
}

/// The meaning of a request with these arguments.
pub(crate) fn of_request(content: &Json) -> Option<Meaning> {
    let map = fields(content)?;
    let term = number(map, TERM);
    if let Some(index) = number(map, SNAPSHOT_INDEX) {
        let (call, index_term) = (Some(RaftCall::InstallSnapshot), number(map, SNAPSHOT_TERM));
        return Some(Meaning { call, term, index: Some(index), index_term, ..Meaning::default() });
    }
    if let Some(index) = number(map, PREV_INDEX) {
        let entries = field(map, ENTRIES).and_then(Json::as_array);
        return Some(Meaning {
            call: Some(RaftCall::AppendEntries),
            term,
            index: Some(index),
            index_term: number(map, PREV_TERM),
            entries: entries.map(|entries| terms_of(entries)),
            commit: number(map, COMMIT),
            accepted: None,
        });
    }
    if let Some(index) = number(map, LAST_INDEX) {
        let (call, index_term) = (Some(RaftCall::RequestVote), number(map, LAST_TERM));
        return Some(Meaning { call, term, index: Some(index), index_term, ..Meaning::default() });
    }
    term.map(|_| Meaning { term, ..Meaning::default() })
}

/// The terms of the entries. Those that the list leaves out have none.
fn terms_of(entries: &[Json]) -> Vec<Option<u64>> {
    let terms = |entry| match left_out(entry) {
        Some(number) => vec![None; number],
        None => vec![term_of_entry(entry)],
    };
    entries.iter().flat_map(terms).take(MAX_ENTRIES).collect()
}

/// Entries of a message beyond this number are not told.
const MAX_ENTRIES: usize = 10_000;

/// The number of elements for which this one stands in a list that was shortened, `… 12 more`.
pub(crate) fn left_out(element: &Json) -> Option<usize> {
    let number: usize = element.as_str()?.strip_prefix("… ")?.strip_suffix(" more")?.parse().ok()?;
    Some(number.min(MAX_ENTRIES))
}

/// The term of an entry: its field of that name, or the number beside its command.
fn term_of_entry(entry: &Json) -> Option<u64> {
    match entry {
        Json::Object(map) => number(map, TERM),
        Json::Array(parts) => {
            let mut numbers = parts.iter().filter_map(Json::as_u64);
            numbers.next().filter(|_| numbers.next().is_none())
        }
        _ => None,
    }
}

/// The meaning of a reply, given that of its request.
pub(crate) fn of_reply(content: &Json, request: Option<RaftCall>) -> Option<Meaning> {
    let refused = content.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("Err"));
    let Some(map) = fields(content) else {
        return refused.then(|| Meaning { accepted: Some(false), ..Meaning::default() });
    };
    let accepted = match field(map, ACCEPTED) {
        Some(Json::Bool(accepted)) => Some(*accepted),
        _ => refused.then_some(false),
    };
    let term = number(map, TERM);
    let says = term.is_some() || accepted.is_some();
    says.then(|| Meaning { call: request, term, accepted, ..Meaning::default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_in_each_usual_spelling() {
        let expected = Meaning {
            call: Some(RaftCall::AppendEntries),
            term: Some(3),
            index: Some(7),
            index_term: Some(2),
            entries: Some(vec![Some(3), None]),
            commit: Some(6),
            accepted: None,
        };
        for arguments in [
            json!({ "term": 3, "prev_log_index": 7, "prev_log_term": 2, "leader_commit": 6,
                    "entries": [{ "term": 3, "command": "a" }, { "command": "b" }] }),
            json!({ "currentTerm": 3, "prevLogIndex": 7, "prevLogTerm": 2, "leaderCommit": 6,
                    "logEntries": [{ "Term": 3 }, {}] }),
            json!({ "Term": 3, "PrevLogIndex": 7, "PrevLogTerm": 2, "LeaderCommit": 6,
                    "Entries": [[3, "a"], "b"] }),
            json!({ "AppendEntries": { "term": 3, "prev_index": 7, "prev_term": 2, "commit_index": 6,
                    "log": [["a", 3], [3, 3]] } }),
        ] {
            assert_eq!(of_request(&arguments), Some(expected.clone()), "{arguments}");
        }
    }

    #[test]
    fn entries_that_are_left_out_count() {
        let arguments = json!({ "term": 3, "prev_log_index": 7, "prev_log_term": 2,
                                "entries": [{ "term": 2 }, "… 2 more", { "term": 3 }] });
        let entries = of_request(&arguments).and_then(|meaning| meaning.entries);
        assert_eq!(entries, Some(vec![Some(2), None, None, Some(3)]));
    }

    #[test]
    fn votes_and_snapshots_are_told_apart() {
        let call = |arguments| of_request(&arguments).and_then(|meaning| meaning.call);
        let vote = json!({ "term": 1, "candidate_id": 2, "last_log_index": 0, "last_log_term": 0 });
        assert_eq!(call(vote), Some(RaftCall::RequestVote));
        let snapshot = json!({ "term": 1, "last_included_index": 9, "last_included_term": 1, "data": "00" });
        assert_eq!(call(snapshot), Some(RaftCall::InstallSnapshot));
    }

    #[test]
    fn other_protocols_have_no_meaning_or_a_term_alone() {
        for content in [json!(null), json!(7), json!("Election"), json!({ "key": "x" }), json!([1, 2])] {
            assert_eq!(of_request(&content), None, "{content}");
            assert_eq!(of_reply(&content, None), None, "{content}");
        }
        let only_term = of_request(&json!({ "term": 4, "node": 1 })).expect("a meaning");
        assert_eq!((only_term.term, only_term.call), (Some(4), None));
    }

    #[test]
    fn a_refusal_is_seen_by_its_field_or_its_error() {
        let accepted = |reply| of_reply(&reply, None).and_then(|meaning| meaning.accepted);
        assert_eq!(accepted(json!({ "term": 1, "success": true })), Some(true));
        assert_eq!(accepted(json!({ "Term": 1, "VoteGranted": false })), Some(false));
        assert_eq!(accepted(json!({ "Err": "WrongLeader" })), Some(false));
        assert_eq!(accepted(json!({ "Ok": { "value": "a", "version": 1 } })), None);
    }
}

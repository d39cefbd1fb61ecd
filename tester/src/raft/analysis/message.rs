//! [`Request`] and [`Reply`]: Raft's messages, as far as they can be read.

use std::fmt;
use std::hash::{Hash, Hasher};

use labgob::fragments::Piece;
use labgob::{Kind, Value};
use rustc_hash::FxHasher;

use super::spelling::{self, field};
use crate::event::Save;

/// An index or a term of the log. Indices are those of the labs: the first entry has 1.
pub(super) type Index = u64;
/// A term.
pub(super) type Term = u64;

/// A request that a Raft peer sends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::enum_variant_names)] // The names are those of the paper.
pub(super) enum Request {
    RequestVote { term: Term, last: Position },
    AppendEntries { term: Term, prev: Position, entries: Vec<Entry>, commit: Index },
    InstallSnapshot { term: Term, last: Position },
}

/// An index with the term of the entry there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Position {
    /// Compared first, as in the election restriction.
    pub term: Term,
    pub index: Index,
}

/// An entry of the log, without its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub term: Term,
    /// A hash of the command, if it can be read.
    pub command: Option<u64>,
}

/// The reply to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub term: Option<Term>,
    /// Whether the vote was granted or the entries were accepted. `None` if the reply does not say.
    pub yes: Option<bool>,
}

/// The reason why a message says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is none of Raft's three, and changes nothing.
    Harmless,
    /// It is none of Raft's three.
    Other,
    /// It is one of them, and this field was not found.
    Field { method: &'static str, field: &'static str },
}

impl Request {
    /// Reads the arguments of a call of `method`, such as `Raft.append_entries`. `offset` is added to
    /// indices: 1 for a log whose first entry is at 0.
    pub fn read(method: &str, value: &Value, offset: u64) -> Result<Self, Unread> {
        let method = method.rsplit('.').next().unwrap_or(method);
        let number = |name: &'static str, spellings, field_name| {
            let value = field(value, spellings).and_then(|value| value.as_i64());
            value.ok_or(Unread::Field { method: name, field: field_name })
        };
        let index = |name, spellings, field_name| {
            number(name, spellings, field_name).map(|index| (index + offset.cast_signed()).cast_unsigned())
        };
        let plain = |name, spellings, field_name| number(name, spellings, field_name).map(i64::cast_unsigned);
        if spelling::is(method, spelling::REQUEST_VOTE) {
            let of = "request_vote";
            let is_question = field(value, spelling::PRE_VOTE).and_then(|flag| flag.as_bool());
            if is_question == Some(true) {
                return Err(Unread::Harmless);
            }
            let term = plain(of, spelling::TERM, "term")?;
            let last = Position {
                index: index(of, spelling::LAST_LOG_INDEX, "last_log_index")?,
                term: plain(of, spelling::LAST_LOG_TERM, "last_log_term")?,
            };
            return Ok(Self::RequestVote { term, last });
        }
        if spelling::is(method, spelling::APPEND_ENTRIES) {
            let of = "append_entries";
            let prev = Position {
                index: index(of, spelling::PREV_LOG_INDEX, "prev_log_index")?,
                term: plain(of, spelling::PREV_LOG_TERM, "prev_log_term")?,
            };
            let entries = entries(value).ok_or(Unread::Field { method: of, field: "entries" })?;
            let term = plain(of, spelling::TERM, "term")?;
            let commit = index(of, spelling::LEADER_COMMIT, "leader_commit")?;
            return Ok(Self::AppendEntries { term, prev, entries, commit });
        }
        if spelling::is(method, spelling::INSTALL_SNAPSHOT) {
            let of = "install_snapshot";
            let last = Position {
                index: index(of, spelling::LAST_INCLUDED_INDEX, "last_included_index")?,
                term: plain(of, spelling::LAST_INCLUDED_TERM, "last_included_term")?,
            };
            return Ok(Self::InstallSnapshot { term: plain(of, spelling::TERM, "term")?, last });
        }
        Err(if spelling::is(method, spelling::PRE_VOTE_CALL) { Unread::Harmless } else { Unread::Other })
    }

    /// Whether the arguments have an index below zero: then the log's first entry is at 0.
    pub fn counts_from_zero(value: &Value) -> bool {
        let prev = field(value, spelling::PREV_LOG_INDEX).or_else(|| field(value, spelling::LAST_LOG_INDEX));
        prev.and_then(|index| index.as_i64()) == Some(-1)
    }

    pub fn term(&self) -> Term {
        match self {
            Self::RequestVote { term, .. }
            | Self::AppendEntries { term, .. }
            | Self::InstallSnapshot { term, .. } => *term,
        }
    }

    /// Whether only a leader sends it.
    pub fn is_leader_s(&self) -> bool {
        !matches!(self, Self::RequestVote { .. })
    }

    /// The method's name, as in the paper.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RequestVote { .. } => "request_vote",
            Self::AppendEntries { .. } => "append_entries",
            Self::InstallSnapshot { .. } => "install_snapshot",
        }
    }
}

/// The entries of a request; `None` if there is no such field, or if an entry has no term.
fn entries(value: &Value) -> Option<Vec<Entry>> {
    let list = field(value, spelling::ENTRIES)?;
    if list.is_truncated() {
        return None;
    }
    // `Option<Vec<Entry>>`, and `Vec<Entry>` without elements.
    let list = match list.kind() {
        Kind::None => return Some(Vec::new()),
        Kind::Some => list.inner()?,
        _ => list,
    };
    let entry = |value: Value| {
        let term = field(&value, spelling::TERM)?.as_u64()?;
        Some(Entry { term, command: field(&value, spelling::COMMAND).as_ref().and_then(command_hash) })
    };
    list.iter().map(entry).collect()
}

fn command_hash(value: &Value) -> Option<u64> {
    value.as_bytes().filter(|_| !value.is_truncated()).map(hash)
}

/// A hash of a command's bytes.
pub(super) fn hash(command: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    command.hash(&mut hasher);
    hasher.finish()
}

/// The terms of the log that is saved, if it can be recognised: values with a field for a term, or lists of
/// them.
pub(super) fn saved_log(save: &Save<'_>) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    let pieces = save.records.iter().filter_map(|record| record.content).flatten();
    for piece in pieces {
        let Piece::Value(value, _) = piece else { continue };
        add_terms(value, &mut terms);
    }
    (!terms.is_empty()).then_some(terms)
}

fn add_terms(value: &Value, terms: &mut Vec<Term>) {
    let of_entry = |value: &Value| {
        let term = field(value, spelling::TERM)?.as_u64()?;
        field(value, spelling::COMMAND).is_some().then_some(term)
    };
    if let Some(term) = of_entry(value) {
        terms.push(term);
        return;
    }
    match value.kind() {
        Kind::Some | Kind::Newtype | Kind::Tuple | Kind::Struct | Kind::Seq => {
            value.iter().for_each(|part| add_terms(&part, terms));
        }
        _ => {}
    }
}

impl Reply {
    /// Reads the reply to a request.
    pub fn read(request: &Request, value: &Value) -> Self {
        let flag = match request {
            Request::RequestVote { .. } => spelling::VOTE_GRANTED,
            Request::AppendEntries { .. } | Request::InstallSnapshot { .. } => spelling::SUCCESS,
        };
        Self {
            term: field(value, spelling::TERM).and_then(|term| term.as_u64()),
            yes: field(value, flag).and_then(|flag| flag.as_bool()),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.index, self.term)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequestVote { term, last } => write!(f, "{{term {term}, last {last}}}"),
            Self::AppendEntries { term, prev, entries, commit } => {
                write!(f, "{{term {term}, prev {prev}, entries [")?;
                let at = |offset: usize| Position {
                    index: prev.index + 1 + offset as u64,
                    term: entries[offset].term,
                };
                match entries.len() {
                    0 => {}
                    few @ 1..=3 => {
                        write!(f, "{}", at(0))?;
                        (1..few).try_for_each(|offset| write!(f, ", {}", at(offset)))?;
                    }
                    many => write!(f, "{} … {}", at(0), at(many - 1))?,
                }
                write!(f, "], commit {commit}}}")
            }
            Self::InstallSnapshot { term, last } => write!(f, "{{term {term}, last included {last}}}"),
        }
    }
}

impl Reply {
    /// The reply in words.
    pub fn describe(&self, request: &Request) -> String {
        let flag = match (self.yes, request) {
            (None, _) => "",
            (Some(true), Request::RequestVote { .. }) => "granted",
            (Some(true), _) => "success",
            (Some(false), _) => "refused",
        };
        match (self.term, flag) {
            (None, "") => "{}".to_owned(),
            (None, flag) => format!("{{{flag}}}"),
            (Some(term), "") => format!("{{term {term}}}"),
            (Some(term), flag) => format!("{{term {term}, {flag}}}"),
        }
    }
}

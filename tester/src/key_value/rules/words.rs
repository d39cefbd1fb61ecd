//! The names that the key/value labs use for their messages, in their usual spellings.
//!
//! A spelling that is missing here makes the rules that need it silent. Case and underscores do not count.

use labgob::{Kind, Value};

use super::calls::Readable;
use super::versions::Floor;
use crate::linearizability::{KeyValue, KeyValueInput};

/// The spellings of a field.
pub(crate) type Names = &'static [&'static str];

pub(crate) const KEY: Names = &["key", "k", "name"];
pub(crate) const VALUE: Names = &["value", "val", "data"];
const VERSION: Names = &["version", "ver", "vers"];
/// The field of a reply with the outcome.
pub(crate) const OUTCOME: Names = &["err", "error", "status", "outcome", "result", "code"];

/// The words for requests, as a method or a variant of an enum. They may begin with these.
pub(crate) const GETS: Names = &["get", "read"];
pub(crate) const PUTS: Names = &["put", "set", "write"];

/// The words for outcomes, as a variant or a text, without a leading "err" or "error".
const OUTCOMES: &[(Names, Outcome)] = &[
    (&["ok", "done", "success", "none"], Outcome::Fine),
    (&["version", "wrongversion", "badversion", "versionmismatch", "staleversion"], Outcome::WrongVersion),
    (&["nokey", "nosuchkey", "keynotfound", "notfound", "missing"], Outcome::NoKey),
    (&["wrongleader", "notleader", "notaleader", "nottheleader"], Outcome::WrongLeader),
    (&["maybe"], Outcome::Maybe),
];

/// The outcome that a reply names.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Fine,
    WrongVersion,
    NoKey,
    WrongLeader,
    Maybe,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// The value of a key.
    Get { key: Box<str> },
    Put {
        key: Box<str>,
        value: Text,
        version: u64,
        /// Whether the request has nothing else, so that two transmissions of a put look like two puts.
        is_bare: bool,
    },
}

/// What a reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Value { value: Text, version: u64 },
    Done,
    NoKey,
    WrongVersion,
    WrongLeader,
    Maybe,
}

/// A text, by its hash. Two texts of one hash are taken for equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Text(u64);

impl Text {
    pub fn of(text: &str) -> Self {
        use std::hash::Hasher;
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write(text.as_bytes());
        Self(hasher.finish())
    }

    /// The text of a value; `None` if it is none, or was too long to be kept whole.
    pub fn read(value: &Value) -> Option<Self> {
        let text = value.as_str().or_else(|| std::str::from_utf8(value.as_bytes()?).ok())?;
        (!value.is_truncated()).then(|| Self::of(text))
    }
}

impl Readable for KeyValue {
    type Asks = Asks;
    type Said = Said;
    /// The version that the key has reached.
    type Floor = Floor;

    const REQUEST: &str = "key, value and version";
    const REPLY: &str = "value, version or error";

    fn asks(method: &str, args: &Value) -> Option<Asks> {
        asks(method, args)
    }

    fn said(request: &Asks, reply: &Value) -> Option<Said> {
        said(request, reply)
    }

    fn is_done(said: Said) -> bool {
        said == Said::Done
    }

    fn is_wrong_leader(said: Said) -> bool {
        said == Said::WrongLeader
    }

    fn is_sent_by(input: &KeyValueInput, asks: &Asks) -> bool {
        match (input, asks) {
            (
                KeyValueInput::Put { key, value, version },
                Asks::Put { key: of, value: text, version: over, .. },
            ) => **key == **of && Text::of(value) == *text && version == over,
            (KeyValueInput::Get { key }, Asks::Get { key: of }) => **key == **of,
            _ => false,
        }
    }

    fn verb(input: &KeyValueInput) -> &'static str {
        match input {
            KeyValueInput::Get { .. } => "get",
            KeyValueInput::Put { .. } => "put",
        }
    }

    fn key_of(input: &KeyValueInput) -> &str {
        match input {
            KeyValueInput::Get { key } | KeyValueInput::Put { key, .. } => key,
        }
    }

    fn is_change(input: &KeyValueInput) -> bool {
        matches!(input, KeyValueInput::Put { .. })
    }
}

/// Reads a request.
pub(crate) fn asks(method: &str, args: &Value) -> Option<Asks> {
    let args = innermost(args);
    let word = args.variant().map_or_else(|| plain(last(method)), plain);
    let is = |names: Names| names.iter().any(|name| word.starts_with(name));
    let args = args.inner().map_or(args, |inner| innermost(&inner));
    if is(GETS) {
        let key = field(&args, KEY).or_else(|| texts(&args).next()).unwrap_or_else(|| args.clone());
        Some(Asks::Get { key: key.as_str()?.into() })
    } else if is(PUTS) {
        let (key, value) = match (field(&args, KEY), field(&args, VALUE)) {
            (Some(key), Some(value)) => (key, value),
            // In a tuple the key comes first.
            (None, None) => {
                let mut texts = texts(&args);
                (texts.next()?, texts.next()?)
            }
            _ => return None,
        };
        let version = field(&args, VERSION).or_else(|| numbers(&args).next())?.as_u64()?;
        let (key, value) = (key.as_str()?.into(), Text::read(&value)?);
        Some(Asks::Put { key, value, version, is_bare: args.len().max(args.fields().count()) == 3 })
    } else {
        None
    }
}

/// Reads the reply to a request.
pub(crate) fn said(request: &Asks, reply: &Value) -> Option<Said> {
    read(reply, matches!(request, Asks::Get { .. }), false)
}

fn read(reply: &Value, of_get: bool, is_fine: bool) -> Option<Said> {
    if let Some(variant) = reply.variant() {
        return match (plain(variant).as_str(), reply.inner()) {
            ("err" | "error", Some(error)) => match outcome(&error)? {
                Outcome::Fine => None,
                outcome => said_by(outcome, reply, of_get),
            },
            (_, Some(inner)) if matches!(word(variant)?, Outcome::Fine) => read(&inner, of_get, true),
            (_, Some(inner)) => match word(variant)? {
                Outcome::Fine => read(&inner, of_get, true),
                outcome => said_by(outcome, &inner, of_get),
            },
            (_, None) => said_by(word(variant)?, reply, of_get),
        };
    }
    match reply.kind() {
        Kind::None if of_get => Some(Said::NoKey),
        Kind::Some => read(&reply.inner()?, of_get, is_fine),
        Kind::Newtype => read(&reply.inner()?, of_get, is_fine),
        Kind::Struct => match field(reply, OUTCOME) {
            Some(field) if field.kind() == Kind::None => said_by(Outcome::Fine, reply, of_get),
            Some(field) => match outcome(&field) {
                Some(outcome) => said_by(outcome, reply, of_get),
                None => read(&field, of_get, false),
            },
            None => of_get.then(|| versioned(reply)).flatten(),
        },
        Kind::Tuple if of_get => versioned(reply),
        Kind::Str => said_by(outcome(reply)?, reply, of_get),
        Kind::Unit | Kind::Unsigned if !of_get && is_fine => Some(Said::Done),
        Kind::Unit if !of_get => Some(Said::Done),
        _ => None,
    }
}

fn said_by(outcome: Outcome, reply: &Value, of_get: bool) -> Option<Said> {
    match outcome {
        Outcome::Fine if of_get => versioned(reply),
        Outcome::Fine => Some(Said::Done),
        Outcome::WrongVersion => Some(Said::WrongVersion),
        Outcome::NoKey => Some(Said::NoKey),
        Outcome::WrongLeader => Some(Said::WrongLeader),
        Outcome::Maybe => Some(Said::Maybe),
    }
}

/// A value with its version, by the names of the fields or, in a tuple, by their types.
fn versioned(value: &Value) -> Option<Said> {
    let text = field(value, VALUE).or_else(|| texts(value).next())?;
    let version = field(value, VERSION).or_else(|| numbers(value).next())?.as_u64()?;
    Some(Said::Value { value: Text::read(&text)?, version })
}

/// An outcome that is a variant without fields, or a text.
pub(crate) fn outcome(value: &Value) -> Option<Outcome> {
    let value = if value.kind() == Kind::Some { value.inner()? } else { value.clone() };
    match value.variant() {
        Some(variant) if plain(variant) == "err" || plain(variant) == "error" => outcome(&value.inner()?),
        Some(_) if value.inner().is_some() => None,
        Some(variant) => word(variant),
        // A struct without fields.
        None if value.kind() == Kind::Unit => value.type_name().and_then(word),
        None => value.as_str().and_then(word),
    }
}

fn word(text: &str) -> Option<Outcome> {
    let plain = plain(text);
    let bare = plain.strip_prefix("error").or_else(|| plain.strip_prefix("err")).unwrap_or(&plain);
    OUTCOMES.iter().find(|(names, _)| names.contains(&bare)).map(|(_, outcome)| *outcome)
}

/// The field of one of these names.
pub(crate) fn field(value: &Value, names: Names) -> Option<Value> {
    value.fields().find(|(name, _)| names.contains(&plain(name).as_str())).map(|(_, field)| field)
}

pub(crate) fn texts(value: &Value) -> impl Iterator<Item = Value> + '_ {
    tuple(value).filter(|part| part.as_str().is_some())
}

fn numbers(value: &Value) -> impl Iterator<Item = Value> + '_ {
    tuple(value).filter(|part| part.as_u64().is_some())
}

/// The elements of a tuple; none of another value.
fn tuple(value: &Value) -> impl Iterator<Item = Value> + '_ {
    value.iter().filter(|_| value.kind() == Kind::Tuple)
}

/// The value without newtype structs around it.
pub(crate) fn innermost(value: &Value) -> Value {
    let mut value = value.clone();
    while value.kind() == Kind::Newtype && value.variant().is_none() {
        let Some(inner) = value.inner() else { break };
        value = inner;
    }
    value
}

/// The last part of a method's name.
pub(crate) fn last(method: &str) -> &str {
    method.rsplit(['.', ':']).next().unwrap_or(method)
}

/// Lower case, without underscores.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use labapi::{PutError, Version, Versioned, WrongLeader};
    use serde::Serialize;

    use super::*;

    fn value(of: &impl Serialize) -> Value {
        Value::of(of).expect("it is a value")
    }

    #[derive(Serialize)]
    #[allow(non_snake_case, reason = "as the course has it")]
    struct GoPut {
        Key: &'static str,
        Value: &'static str,
        Version: u64,
    }

    #[derive(Serialize)]
    struct Tagged {
        key: &'static str,
        value: &'static str,
        version: Version,
        client: u64,
    }

    #[derive(Serialize)]
    #[allow(dead_code, reason = "encoded only")]
    enum Request {
        Get { key: &'static str },
        Put(GoPut),
    }

    #[derive(Serialize)]
    struct Reply<E> {
        err: E,
        value: &'static str,
        version: u64,
    }

    #[derive(Serialize)]
    enum Code {
        #[serde(rename = "OK")]
        Ok,
        ErrNoKey,
        ErrWrongLeader,
    }

    fn put(is_bare: bool) -> Asks {
        Asks::Put { key: "x".into(), value: Text::of("a"), version: 3, is_bare }
    }

    #[test]
    fn requests_in_usual_spellings() {
        let get = Asks::Get { key: "x".into() };
        assert_eq!(asks("Kv.Get", &value(&"x")), Some(get.clone()));
        assert_eq!(asks("Kv.ask", &value(&Request::Get { key: "x" })), Some(get));
        let go = || GoPut { Key: "x", Value: "a", Version: 3 };
        assert_eq!(asks("KVServer.Put", &value(&go())), Some(put(true)));
        assert_eq!(asks("Kv.ask", &value(&Request::Put(go()))), Some(put(true)));
        assert_eq!(asks("Kv.put", &value(&("x", "a", Version(3)))), Some(put(true)));
        let tagged = Tagged { key: "x", value: "a", version: Version(3), client: 9 };
        assert_eq!(asks("Kv.put", &value(&tagged)), Some(put(false)));
        assert_eq!(asks("Kv.ask", &value(&"question")), None);
    }

    #[test]
    fn replies_in_usual_spellings() {
        let of_put = |reply: &Value| said(&put(true), reply);
        let of_get = |reply: &Value| said(&Asks::Get { key: "x".into() }, reply);
        let found = Some(Said::Value { value: Text::of("a"), version: 3 });
        let versioned = Versioned { value: "a".into(), version: Version(3) };

        assert_eq!(of_put(&value(&Ok::<(), PutError>(()))), Some(Said::Done));
        assert_eq!(of_put(&value(&Err::<(), _>(PutError::Version))), Some(Said::WrongVersion));
        let nested: Result<Result<(), PutError>, WrongLeader> = Ok(Err(PutError::NoKey));
        assert_eq!(of_put(&value(&nested)), Some(Said::NoKey));
        assert_eq!(of_put(&value(&Err::<(), _>(WrongLeader))), Some(Said::WrongLeader));
        assert_eq!(of_put(&value(&"ErrMaybe")), Some(Said::Maybe));
        assert_eq!(of_put(&value(&17)), None);

        assert_eq!(of_get(&value(&Some(versioned.clone()))), found);
        assert_eq!(of_get(&value(&Ok::<_, WrongLeader>(Some(versioned)))), found);
        assert_eq!(of_get(&value(&None::<Versioned>)), Some(Said::NoKey));
        assert_eq!(of_get(&value(&Reply { err: Code::Ok, value: "a", version: 3 })), found);
        assert_eq!(of_get(&value(&Reply { err: "OK", value: "a", version: 3 })), found);
        assert_eq!(of_get(&value(&Reply { err: Code::ErrNoKey, value: "", version: 0 })), Some(Said::NoKey));
        let deposed = Reply { err: Code::ErrWrongLeader, value: "", version: 0 };
        assert_eq!(of_get(&value(&deposed)), Some(Said::WrongLeader));
        assert_eq!(of_get(&value(&("a", 3))), found);
    }
}

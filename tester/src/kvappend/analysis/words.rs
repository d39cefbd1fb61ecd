//! The names that the service with appends uses for its messages, in their usual spellings.
//!
//! A spelling that is missing here makes the rules that need it silent. Case and underscores do not count.

use labgob::{Kind, Value};

use crate::key_value::Readable;
use crate::key_value::words::{
    self, GETS, KEY, Names, OUTCOME, Outcome, PUTS, VALUE, field, innermost, last, outcome, plain, texts,
};
use crate::linearizability::{Text, TextInput};

/// The words for appends. The course's method for puts and appends is called `PutAppend`.
const APPENDS: Names = &["append", "add"];
const PUT_OR_APPEND: &str = "putappend";
/// The field of the arguments of `PutAppend` that says which of the two it is.
const OPERATION: Names = &["op", "operation", "kind", "type", "optype"];

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Append,
}

/// What a request asks for, and of which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asks {
    pub verb: Verb,
    pub key: Box<str>,
    /// The text that is put or appended; `None` in a get, and if it was too long to be kept whole.
    pub text: Option<words::Text>,
}

/// What a reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The text of the key; `None` if it was too long to be kept whole.
    Value(Option<words::Text>),
    /// The key does not exist.
    NoKey,
    Done,
    WrongLeader,
}

impl Readable for Text {
    type Asks = Asks;
    type Said = Said;
    type Floor = ();

    const REQUEST: &str = "key, and no text,";
    const REPLY: &str = "text or error";

    fn asks(method: &str, args: &Value) -> Option<Asks> {
        let args = innermost(args);
        let word = args.variant().map_or_else(|| plain(last(method)), plain);
        let args = args.inner().map_or(args, |inner| innermost(&inner));
        let verb = verb_of(&word, &args)?;
        let mut in_order = texts(&args);
        let key = field(&args, KEY).or_else(|| in_order.next()).unwrap_or_else(|| args.clone());
        let key: Box<str> = key.as_str()?.into();
        let text = match verb {
            Verb::Get => None,
            Verb::Put | Verb::Append => words::Text::read(&field(&args, VALUE).or_else(|| in_order.next())?),
        };
        Some(Asks { verb, key, text })
    }

    fn said(request: &Asks, reply: &Value) -> Option<Said> {
        read(reply, request.verb == Verb::Get)
    }

    fn is_done(said: Said) -> bool {
        said == Said::Done
    }

    fn is_wrong_leader(said: Said) -> bool {
        said == Said::WrongLeader
    }

    fn is_sent_by(input: &TextInput, asks: &Asks) -> bool {
        let (verb, text) = match input {
            TextInput::Get { .. } => (Verb::Get, None),
            TextInput::Put { value, .. } => (Verb::Put, Some(value)),
            TextInput::Append { value, .. } => (Verb::Append, Some(value)),
        };
        let is_text = match (text, asks.text) {
            (Some(text), Some(sent)) => words::Text::of(text) == sent,
            _ => true,
        };
        verb == asks.verb && Self::key_of(input) == &*asks.key && is_text
    }

    fn verb(input: &TextInput) -> &'static str {
        match input {
            TextInput::Get { .. } => "get",
            TextInput::Put { .. } => "put",
            TextInput::Append { .. } => "append",
        }
    }

    fn key_of(input: &TextInput) -> &str {
        match input {
            TextInput::Get { key } | TextInput::Put { key, .. } | TextInput::Append { key, .. } => key,
        }
    }

    fn is_change(input: &TextInput) -> bool {
        !matches!(input, TextInput::Get { .. })
    }
}

fn verb_of(word: &str, args: &Value) -> Option<Verb> {
    let is = |word: &str, names: Names| names.iter().any(|name| word.starts_with(name));
    let of_word = |word: &str| match () {
        () if is(word, GETS) => Some(Verb::Get),
        () if is(word, APPENDS) => Some(Verb::Append),
        () if is(word, PUTS) => Some(Verb::Put),
        () => None,
    };
    if word.starts_with(PUT_OR_APPEND) {
        let operation = field(args, OPERATION)?;
        return of_word(&plain(operation.variant().or_else(|| operation.as_str())?));
    }
    of_word(word)
}

fn read(reply: &Value, of_get: bool) -> Option<Said> {
    if let Some(variant) = reply.variant() {
        return match (plain(variant).as_str(), reply.inner()) {
            ("ok", Some(inner)) => read(&inner, of_get),
            _ => said_by(outcome(reply)?, reply, of_get),
        };
    }
    match reply.kind() {
        Kind::Newtype => read(&reply.inner()?, of_get),
        Kind::Struct => match field(reply, OUTCOME) {
            Some(word) => said_by(outcome(&word)?, reply, of_get),
            None if of_get => Some(value(&field(reply, VALUE)?)),
            None => None,
        },
        Kind::Str if of_get => Some(value(reply)),
        Kind::Unit if !of_get => Some(Said::Done),
        _ => None,
    }
}

fn said_by(outcome: Outcome, reply: &Value, of_get: bool) -> Option<Said> {
    match outcome {
        Outcome::Fine if of_get => Some(value(&field(reply, VALUE)?)),
        Outcome::Fine => Some(Said::Done),
        Outcome::NoKey => Some(Said::NoKey),
        Outcome::WrongLeader => Some(Said::WrongLeader),
        Outcome::WrongVersion | Outcome::Maybe => None,
    }
}

fn value(value: &Value) -> Said {
    Said::Value(words::Text::read(value))
}

#[cfg(test)]
mod tests {
    use labapi::WrongLeader;
    use serde::Serialize;

    use super::*;

    fn value(of: &impl Serialize) -> Value {
        Value::of(of).expect("it is a value")
    }

    #[derive(Serialize)]
    #[allow(non_snake_case, reason = "as the course has it")]
    struct GoPutAppend {
        Key: &'static str,
        Value: &'static str,
        Op: &'static str,
        ClientId: u64,
    }

    #[derive(Serialize)]
    struct Tagged {
        key: &'static str,
        value: &'static str,
        client: u64,
        number: u64,
    }

    #[derive(Serialize)]
    #[allow(dead_code, reason = "encoded only")]
    enum Request {
        Get(Tagged),
        Append(Tagged),
    }

    #[derive(Serialize)]
    struct Reply {
        err: &'static str,
        value: &'static str,
    }

    fn asks(verb: Verb) -> Asks {
        Asks { verb, key: "x".into(), text: (verb != Verb::Get).then(|| words::Text::of("a")) }
    }

    #[test]
    fn requests_in_usual_spellings() {
        let read = |method: &str, args: &Value| Text::asks(method, args);
        let tagged = || Tagged { key: "x", value: "a", client: 7, number: 1 };
        let go = |op| GoPutAppend { Key: "x", Value: "a", Op: op, ClientId: 7 };
        assert_eq!(read("Server.get", &value(&"x")), Some(asks(Verb::Get)));
        assert_eq!(read("Server.append", &value(&tagged())), Some(asks(Verb::Append)));
        assert_eq!(read("Server.put", &value(&tagged())), Some(asks(Verb::Put)));
        assert_eq!(read("Server.put", &value(&("x", "a", 7))), Some(asks(Verb::Put)));
        assert_eq!(read("KVServer.PutAppend", &value(&go("Put"))), Some(asks(Verb::Put)));
        assert_eq!(read("KVServer.PutAppend", &value(&go("Append"))), Some(asks(Verb::Append)));
        assert_eq!(read("Server.ask", &value(&Request::Append(tagged()))), Some(asks(Verb::Append)));
        assert_eq!(read("Server.ask", &value(&Request::Get(tagged()))), Some(asks(Verb::Get)));
        assert_eq!(read("Server.ask", &value(&"question")), None);
        let append = TextInput::Append { key: "x".into(), value: "a".into() };
        assert!(
            Text::is_sent_by(&append, &asks(Verb::Append)) && !Text::is_sent_by(&append, &asks(Verb::Put))
        );
    }

    #[test]
    fn replies_in_usual_spellings() {
        let of_get = |reply: &Value| Text::said(&asks(Verb::Get), reply);
        let of_put = |reply: &Value| Text::said(&asks(Verb::Put), reply);
        let found = Some(Said::Value(Some(words::Text::of("a"))));
        assert_eq!(of_get(&value(&Ok::<_, WrongLeader>("a"))), found);
        assert_eq!(of_get(&value(&"a")), found);
        assert_eq!(of_get(&value(&Reply { err: "OK", value: "a" })), found);
        assert_eq!(of_get(&value(&Reply { err: "ErrNoKey", value: "" })), Some(Said::NoKey));
        assert_eq!(of_put(&value(&Ok::<_, WrongLeader>(()))), Some(Said::Done));
        assert_eq!(of_put(&value(&Reply { err: "OK", value: "" })), Some(Said::Done));
        for of in [of_get, of_put] {
            assert_eq!(of(&value(&Err::<(), _>(WrongLeader))), Some(Said::WrongLeader));
            assert_eq!(of(&value(&Reply { err: "ErrWrongLeader", value: "" })), Some(Said::WrongLeader));
            assert_eq!(of(&value(&17)), None);
        }
    }
}

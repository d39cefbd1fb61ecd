//! The names that a sharded service uses for its messages, in their usual spellings.
//!
//! A spelling that is missing here makes the rules that need it silent. Case and underscores do not count.

use labapi::{ConfigNum, ShardId};
use labgob::{Kind, Value};

use crate::key_value::words::{self, Names, field, last, plain, said};

const SHARD: Names = &["shard", "shardid", "sid"];
const NUM: Names = &["num", "number", "confignum", "confnum", "cfgnum", "configid", "version"];
/// The field of a reply with the outcome.
const OUTCOME: Names = &["err", "error", "status", "outcome", "result", "code"];
const WRONG_GROUP: Names = &["wronggroup", "errwronggroup", "notowner", "wrongshard"];

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asks {
    pub verb: Verb,
    pub shard: ShardId,
    /// The number of the configuration; zero for gets and puts.
    pub num: ConfigNum,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Put,
    Freeze,
    Install,
    Delete,
}

/// What a reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The request was executed by the group that serves the shard, or the step was done.
    Done,
    Refused(Refusal),
}

/// Why a request was not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    WrongGroup,
    Other,
}

/// Reads a request.
pub(super) fn asks(method: &str, args: &Value) -> Option<Asks> {
    let word = plain(last(method));
    let is = |verb: &str| word.contains(verb);
    if let Some(request) = words::asks(method, args) {
        let (verb, key) = match &request {
            words::Asks::Get { key } => (Verb::Get, key.clone()),
            words::Asks::Put { key, .. } => (Verb::Put, key.clone()),
        };
        let (shard, num) = (ShardId::of(&key), ConfigNum::default());
        return Some(Asks { verb, shard, num });
    }
    let verb = match () {
        () if is("freeze") => Verb::Freeze,
        () if is("install") => Verb::Install,
        () if is("delete") => Verb::Delete,
        () => return None,
    };
    let number = |names| innermost(field(args, names)?).as_u64();
    let shard = ShardId(usize::try_from(number(SHARD)?).ok()?);
    Some(Asks { verb, shard, num: ConfigNum(number(NUM)?) })
}

/// Reads the reply to a request; `None` if it is not understood.
pub(super) fn reply(verb: Verb, content: &Value) -> Option<Reply> {
    if mentions(content, WRONG_GROUP) {
        return Some(Reply::Refused(Refusal::WrongGroup));
    }
    let asked = match verb {
        Verb::Get => words::Asks::Get { key: "".into() },
        Verb::Put => {
            words::Asks::Put { key: "".into(), value: words::Text::of(""), version: 0, is_bare: true }
        }
        Verb::Freeze | Verb::Install | Verb::Delete => return step_reply(content),
    };
    Some(match said(&asked, content)? {
        words::Said::WrongLeader | words::Said::Maybe => Reply::Refused(Refusal::Other),
        _ => Reply::Done,
    })
}

/// The reply to a step: done if every result in it is one, or its outcome says so.
fn step_reply(content: &Value) -> Option<Reply> {
    let refused = Reply::Refused(Refusal::Other);
    if let Some(variant) = content.variant() {
        return match plain(variant).as_str() {
            "ok" => Some(match content.inner().map(|inner| step_reply(&inner)) {
                Some(Some(Reply::Refused(why))) => Reply::Refused(why),
                _ => Reply::Done,
            }),
            _ => Some(refused),
        };
    }
    let outcome = field(content, OUTCOME)?;
    let word = outcome.variant().map(plain).or_else(|| outcome.as_str().map(plain))?;
    Some(if word == "ok" { Reply::Done } else { refused })
}

/// Whether one of these words is the name of a variant or a type, or a text, of a result or a field.
fn mentions(value: &Value, names: Names) -> bool {
    let is = |word: &str| names.contains(&plain(word).as_str());
    if value.variant().is_some_and(is) || value.type_name().is_some_and(is) || value.as_str().is_some_and(is)
    {
        return true;
    }
    match value.kind() {
        Kind::Struct => field(value, OUTCOME).is_some_and(|field| mentions(&field, names)),
        _ => value.variant().is_some() && value.inner().is_some_and(|inner| mentions(&inner, names)),
    }
}

/// The value without newtype structs around it.
fn innermost(value: Value) -> Value {
    match value.inner() {
        Some(inner) if value.kind() == Kind::Newtype => innermost(inner),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use labapi::{PutError, Versioned, WrongLeader};
    use serde::Serialize;

    use super::*;

    fn value(of: &impl Serialize) -> Value {
        Value::of(of).expect("it is a value")
    }

    #[derive(Serialize)]
    struct WrongGroup;

    #[derive(Serialize)]
    struct Outdated;

    #[derive(Serialize)]
    #[allow(non_snake_case, reason = "as the course has it")]
    struct GoFreeze {
        Shard: usize,
        Num: u64,
    }

    #[derive(Serialize)]
    struct Code {
        err: &'static str,
    }

    #[test]
    fn steps_in_usual_spellings() {
        let freeze = Asks { verb: Verb::Freeze, shard: ShardId(3), num: ConfigNum(7) };
        assert_eq!(asks("KVServer.FreezeShard", &value(&GoFreeze { Shard: 3, Num: 7 })), Some(freeze));
        assert_eq!(asks("GroupServer.freeze_shard", &value(&"everything")), None);
    }

    #[test]
    fn replies_in_usual_spellings() {
        type Step = Result<Result<(), Outdated>, WrongLeader>;
        type Get = Result<Result<Option<Versioned>, WrongGroup>, WrongLeader>;
        type Put = Result<Result<Result<(), PutError>, WrongGroup>, WrongLeader>;
        let refused = Some(Reply::Refused(Refusal::Other));
        let wrong_group = Some(Reply::Refused(Refusal::WrongGroup));
        let step = |it: Step| reply(Verb::Install, &value(&it));
        assert_eq!(step(Ok(Ok(()))), Some(Reply::Done));
        assert_eq!((step(Ok(Err(Outdated))), step(Err(WrongLeader))), (refused, refused));
        let get = |it: Get| reply(Verb::Get, &value(&it));
        assert_eq!(get(Ok(Ok(None))), Some(Reply::Done));
        assert_eq!((get(Ok(Err(WrongGroup))), get(Err(WrongLeader))), (wrong_group, refused));
        let put = |it: Put| reply(Verb::Put, &value(&it));
        assert_eq!(put(Ok(Ok(Err(PutError::Version)))), Some(Reply::Done));
        assert_eq!((put(Ok(Err(WrongGroup))), put(Err(WrongLeader))), (wrong_group, refused));
        let go = |err| reply(Verb::Delete, &value(&Code { err }));
        assert_eq!((go("OK"), go("ErrWrongLeader")), (Some(Reply::Done), refused));
    }
}

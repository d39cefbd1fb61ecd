use std::collections::BTreeMap;

use serde::ser::{Error, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use super::*;
use crate::tape::MAX_TAPE_LEN;

#[derive(Serialize)]
struct Term(u64);

#[derive(Serialize)]
struct Entry {
    term: Term,
    command: Vec<u8>,
}

#[derive(Serialize)]
struct AppendEntries {
    term: Term,
    leader: usize,
    entries: Vec<Entry>,
    voted_for: Option<u32>,
    granted: bool,
}

#[derive(Serialize)]
enum Command {
    Nothing,
    Get(String),
    Pair(i8, f32),
    Put { key: String, version: u64 },
}

#[derive(Serialize)]
struct Unit;

fn value<T: Serialize + ?Sized>(it: &T) -> Value {
    Value::of(it).unwrap()
}

fn append_entries() -> AppendEntries {
    let entries = [&b"x=1"[..], &[0, 255]].map(|command| Entry { term: Term(1), command: command.into() });
    AppendEntries { term: Term(2), leader: 1, entries: entries.into(), voted_for: Some(3), granted: true }
}

#[test]
fn parts_are_found_by_name_and_by_place() {
    let message = value(&append_entries());
    assert_eq!((message.kind(), message.type_name()), (Kind::Struct, Some("AppendEntries")));
    assert_eq!(message.len(), 5);
    assert_eq!(message.get("term").unwrap().as_u64(), Some(2));
    assert_eq!(message.get("term").unwrap().type_name(), Some("Term"));
    assert_eq!(message.get("granted").unwrap().as_bool(), Some(true));
    assert_eq!(message.get("voted_for").unwrap().inner().unwrap().as_u64(), Some(3));
    assert!(message.get("term2").is_none() && message.index(5).is_none());
    let entries = message.get("entries").unwrap();
    assert_eq!((entries.len(), entries.kind()), (2, Kind::Seq));
    let commands: Vec<_> = entries.iter().map(|entry| entry.get("command").unwrap()).collect();
    assert_eq!(commands[0].as_bytes(), Some(&b"x=1"[..]));
    assert_eq!(commands[1].as_bytes(), Some(&[0, 255][..]));
    assert_eq!(entries.index(1).unwrap(), value(&append_entries().entries[1]));
    let names: Vec<_> = message.fields().map(|(name, _)| name).collect();
    assert_eq!(names, ["term", "leader", "entries", "voted_for", "granted"]);
}

#[test]
fn every_kind_is_read_back() {
    assert_eq!(value(&5u8).as_u64(), Some(5));
    assert_eq!((value(&-5i16).as_i64(), value(&-5i16).as_u64()), (Some(-5), None));
    assert_eq!((value(&u64::MAX).as_u64(), value(&u64::MAX).as_i64()), (Some(u64::MAX), None));
    assert_eq!(value(&u128::MAX).as_u128(), Some(u128::MAX));
    assert_eq!((value(&i128::MIN).as_i64(), value(&7i128).as_u64()), (None, Some(7)));
    assert_eq!((value(&0.5f32).as_f64(), value(&-0.1f64).as_f64()), (Some(0.5), Some(-0.1)));
    assert_eq!(value(&'é').as_char(), Some('é'));
    assert_eq!(value("né").as_str(), Some("né"));
    assert_eq!(value(&Term(9)).as_u64(), Some(9));
    let kinds = [
        (value(&()), Kind::Unit),
        (value(&Unit), Kind::Unit),
        (value(&None::<u8>), Kind::None),
        (value(&Some(1)), Kind::Some),
        (value(&Term(1)), Kind::Newtype),
        (value(&(1, 2u8)), Kind::Tuple),
        (value(&vec![1u8, 2]), Kind::Bytes),
        (value(&vec![1u16, 2]), Kind::Seq),
        (value(&BTreeMap::from([(1, 2)])), Kind::Map),
        (value(&'c'), Kind::Char),
        (value(&1.0), Kind::Float),
    ];
    for (value, kind) in kinds {
        assert_eq!(value.kind(), kind, "{value}");
    }
    let commands = [
        Command::Nothing,
        Command::Get("k".to_owned()),
        Command::Pair(-1, 1.0),
        Command::Put { key: "k".to_owned(), version: 1 },
    ];
    let names = commands.map(|command| {
        let value = value(&command);
        assert_eq!(value.type_name(), Some("Command"));
        (value.variant().unwrap(), value.kind())
    });
    let kinds = [Kind::Unit, Kind::Newtype, Kind::Tuple, Kind::Struct];
    assert_eq!(names.map(|(_, kind)| kind), kinds);
    assert_eq!(names.map(|(name, _)| name), ["Nothing", "Get", "Pair", "Put"]);
    let map = value(&BTreeMap::from([("a", 1), ("b", 2)]));
    assert_eq!(map.get("b").unwrap().kind(), Kind::Signed);
    assert_eq!((map.get("b").unwrap().as_i64(), map.get("b").unwrap().as_u64()), (Some(2), Some(2)));
    assert_eq!((map.len(), map.iter().count(), map.entries().count()), (2, 4, 2));
    // An empty sequence may be one of bytes.
    assert_eq!(value(&Vec::<u64>::new()).as_bytes(), Some(&[][..]));
}

#[test]
fn display_is_one_line() {
    let message = value(&append_entries());
    assert_eq!(
        message.to_string(),
        concat!(
            r#"{term: 2, leader: 1, entries: [{term: 1, command: "x=1"}, {term: 1, command: 0x00ff}], "#,
            "voted_for: Some(3), granted: true}"
        )
    );
    assert_eq!(
        format!("{:#}", value(&append_entries().entries[0])),
        r#"Entry {term: Term(1), command: "x=1"}"#
    );
    let shown = |it: &dyn Fn() -> Value| it().to_string();
    assert_eq!(shown(&|| value(&Command::Nothing)), "Nothing");
    assert_eq!(shown(&|| value(&Command::Get("k".to_owned()))), r#"Get("k")"#);
    assert_eq!(shown(&|| value(&Command::Pair(-1, 0.1))), "Pair(-1, 0.1)");
    let put = Command::Put { key: "k".to_owned(), version: 1 };
    assert_eq!(shown(&|| value(&put)), r#"Put {key: "k", version: 1}"#);
    assert_eq!(shown(&|| value(&(None::<u8>, (), Unit, 'c', true))), "(None, (), Unit, 'c', true)");
    assert_eq!(shown(&|| value(&BTreeMap::from([(1, "a")]))), r#"{1: "a"}"#);
    let ids: Vec<_> = (0..100u64).collect();
    let line = shown(&|| value(&ids));
    assert!(line.starts_with("[0, 1, 2,") && line.ends_with("15, … 84 more]"), "{line}");
    assert_eq!(shown(&|| value(&vec![1u8; 1000])), format!("0x{}… (1000 bytes)", "01".repeat(16)));
    let text = shown(&|| value(&"é".repeat(500)));
    assert_eq!(text, format!("{:?}… (1000 bytes)", "é".repeat(32)));
}

#[test]
fn json_has_the_names() {
    let json = |value: Value| serde_json::to_string(&value).unwrap();
    assert_eq!(
        json(value(&append_entries())),
        concat!(
            r#"{"term":2,"leader":1,"entries":[{"term":1,"command":"x=1"},{"term":1,"command":"00ff"}],"#,
            r#""voted_for":3,"granted":true}"#
        )
    );
    let put = Command::Put { key: "k".to_owned(), version: 1 };
    assert_eq!(
        json(value(&(Command::Nothing, Command::Get("k".to_owned()), put, None::<u8>))),
        r#"["Nothing",{"Get":"k"},{"Put":{"key":"k","version":1}},null]"#
    );
    let map = BTreeMap::from([((1u8, true), u128::MAX)]);
    assert_eq!(json(value(&map)), format!(r#"{{"(1, true)":{}}}"#, u128::MAX));
    assert_eq!(json(value(&BTreeMap::from([(Term(7).0, 0.5f32)]))), r#"{"7":0.5}"#);
}

#[test]
fn equal_values_are_equal() {
    assert_eq!(value(&append_entries()), value(&append_entries()));
    let mut other = append_entries();
    other.entries[1].command[0] = 1;
    assert_ne!(value(&append_entries()), value(&other));
    assert_ne!(value(&Term(1)), value(&1u64), "one has a name");
    // A part is equal to the same value alone, wherever it stands.
    let pair = value(&(1u64, append_entries()));
    assert_eq!(pair.index(1).unwrap(), value(&append_entries()));
    let tuple = Value::tuple([&value(&1u64), &pair.index(1).unwrap()]);
    assert_eq!(tuple, pair);
    // Three single bytes side by side are not a byte string.
    assert_eq!(Value::tuple([&value(&1u8), &value(&2u8)]).index(1).unwrap().as_u64(), Some(2));
}

#[test]
fn a_value_that_is_too_large_is_truncated_and_counted() {
    let ids: Vec<u64> = (0..200_000).collect();
    let large = value(&(1u64, &ids, vec!["text"; 3], BTreeMap::from([(1, 2)]), append_entries()));
    assert!(large.byte_size() <= MAX_TAPE_LEN + 1000, "{}", large.byte_size());
    assert_eq!((large.len(), large.is_truncated()), (5, true), "the parts after the list are left out");
    assert_eq!(large.iter().count(), 2);
    let list = large.index(1).unwrap();
    assert_eq!((list.len(), list.is_truncated()), (200_000, true));
    let kept: Vec<_> = list.iter().map(|id| id.as_u64().unwrap()).collect();
    assert!(kept.len() > 100_000 && kept.iter().copied().eq(0..kept.len() as u64));
    assert!(list.to_string().ends_with(", … 199984 more]"), "{list}");
    let json = serde_json::to_string(&list).unwrap();
    assert!(
        json.ends_with(&format!(r#","… {} more"]"#, 200_000 - kept.len())),
        "{}",
        &json[json.len() - 50..]
    );

    let text = value(&("é".repeat(MAX_TAPE_LEN), 1));
    let cut = text.index(0).unwrap();
    assert_eq!((cut.len(), cut.is_truncated()), (2 * MAX_TAPE_LEN, true));
    assert!(cut.as_str().unwrap().len() > MAX_TAPE_LEN - 100);
    let bytes = value(&vec![b'a'; 2 * MAX_TAPE_LEN]);
    assert_eq!((bytes.len(), bytes.kind(), bytes.is_truncated()), (2 * MAX_TAPE_LEN, Kind::Bytes, true));
    let map = value(&(0..100_000u64).map(|key| (key, key)).collect::<BTreeMap<_, _>>());
    assert_eq!((map.len(), map.is_truncated()), (100_000, true));
    assert!(map.entries().all(|(key, entry)| key == entry));

    #[derive(Serialize)]
    struct Chain(Option<Box<Chain>>);
    let mut chain = Chain(None);
    for _ in 0..300 {
        chain = Chain(Some(Box::new(chain)));
    }
    let deep = value(&(chain, 7u64));
    assert_eq!(deep.index(1).unwrap().as_u64(), Some(7));
    assert!(deep.to_string().contains("Some(…)"), "{deep}");
    assert!(serde_json::to_string(&deep).unwrap().contains("…"));
}

/// `Serialize` that catches what went wrong in a part and goes on. bincode lets it, and the bytes are what
/// they are; there is no value that would be right.
struct Careless;

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no"))
    }
}

struct Panics;

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(1))?;
        seq.serialize_element(&1)?;
        std::panic::resume_unwind(Box::new(()))
    }
}

impl Serialize for Careless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut it = serializer.serialize_struct("Careless", 2)?;
        let caught =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| it.serialize_field("a", &Panics)));
        assert!(caught.is_err());
        assert!(it.serialize_field("a", &Fails).is_err());
        it.serialize_field("b", &2u64)?;
        it.end()
    }
}

#[test]
fn a_value_that_goes_on_after_an_error_is_not_recorded() {
    let mut bytes = Vec::new();
    let tape = write_recorded(&Careless, &mut bytes).unwrap();
    assert!(Value::of_tape(&tape).is_none());
    let mut plain = Vec::new();
    crate::write::write(&Careless, &mut plain).unwrap();
    assert_eq!(bytes, plain);
    assert_eq!(value(&Careless).kind(), Kind::Omitted);
}

#[test]
fn errors_name_the_type_of_the_value() {
    let error = Value::of(&Fails).unwrap_err();
    assert_eq!(error, crate::encode(&Fails).unwrap_err());
}

#[test]
fn values_go_to_other_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Value>();
    is_shared::<crate::Encoder>();
}

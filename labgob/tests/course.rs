//! The course's three tests of its encoder, ported to Rust.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
struct Inner {
    first: i64,
    second: i64,
    name: String,
    course: String,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Registered {
    number: i64,
}

/// Go puts values of any registered type into a field of interface type. In Rust the possible types of a
/// field are an enum, so no type must be registered.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Anything {
    Registered(Registered),
    Text(String),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Outer {
    list: Vec<Inner>,
    map: HashMap<i64, Box<Inner>>,
    any: Anything,
}

/// The course's `TestGOB`: values of many shapes, one after the other, come back as they were.
#[test]
fn gob() {
    let inner = Inner { second: 1, course: "6.5840".into(), ..Inner::default() };
    let outer = Outer {
        list: vec![Inner::default(), inner.clone()],
        map: HashMap::from([(
            99,
            Box::new(Inner { first: 1, second: 2, name: "x".into(), course: "y".into() }),
        )]),
        any: Anything::Registered(Registered { number: 999 }),
    };
    let mut encoder = labgob::Encoder::new();
    encoder.encode(&0i64).unwrap();
    encoder.encode(&1i64).unwrap();
    encoder.encode(&inner).unwrap();
    encoder.encode(&outer).unwrap();
    let bytes = encoder.finish();

    let mut decoder = labgob::Decoder::new(&bytes);
    assert_eq!(decoder.decode::<i64>().unwrap(), 0);
    assert_eq!(decoder.decode::<i64>().unwrap(), 1);
    assert_eq!(decoder.decode::<Inner>().unwrap(), inner);
    let back: Outer = decoder.decode().unwrap();
    decoder.finish().unwrap();

    assert_eq!(back.list.len(), 2);
    assert_eq!(back.list[1].second, 1);
    assert_eq!(back.map.len(), 1);
    assert_eq!(back.map[&99].course, "y");
    assert_eq!(back.any, Anything::Registered(Registered { number: 999 }));
    assert_eq!(back, outer);
}

mod sender {
    //! A type with a private field.

    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Key {
        pub visible: i64,
        hidden: i64,
    }

    impl Key {
        pub fn new(visible: i64, hidden: i64) -> Self {
            Self { visible, hidden }
        }
    }
}

/// The course's `TestCapital`: Go silently omits fields whose name begins with a lower-case letter, so its
/// encoder looks for them and warns.
///
/// The derived `Serialize` writes every field, and a type with a field that cannot be written does
/// not compile. What can be tested is that a private field arrives, also within the key of a map
/// in a list.
#[test]
fn capital() {
    let value = vec![BTreeMap::from([(sender::Key::new(1, 2), 3)])];
    let bytes = labgob::encode(&value).unwrap();
    assert_eq!(labgob::decode::<Vec<BTreeMap<sender::Key, i64>>>(&bytes).unwrap(), value);

    let none: Vec<BTreeMap<sender::Key, i64>> = Vec::new();
    let bytes = labgob::encode(&none).unwrap();
    assert_eq!(labgob::decode::<Vec<BTreeMap<sender::Key, i64>>>(&bytes).unwrap(), none);
}

/// The course's `TestDefault`: Go does not send zeros, so one that is decoded into a variable
/// which already holds 99 leaves the 99 there; its encoder looks for such variables and warns.
///
/// Here decoding makes a new value instead of filling an old one. What can be tested is that a
/// zero is sent and replaces the 99.
#[test]
fn default() {
    #[derive(Serialize, Deserialize)]
    struct Reply {
        x: i64,
    }

    let mut reply = Reply { x: 99 };
    assert_eq!(reply.x, 99);
    reply = labgob::decode(&labgob::encode(&Reply { x: 0 }).unwrap()).unwrap();
    assert_eq!(reply.x, 0);
}

//! Bytes that are not a value of the expected type give an error that names the type.

use std::collections::{BTreeMap, HashMap, HashSet};

use labgob::{DecodeError, Decoder, Encoder, decode, encode, encode_into};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
enum Command {
    Get(String),
    Put { key: String, value: Vec<u8> },
    Nothing,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Message {
    term: u64,
    granted: bool,
    letter: char,
    share: f64,
    wide: i128,
    entries: Vec<(u64, Command)>,
    leader: Option<u32>,
    sessions: BTreeMap<u64, String>,
}

fn message() -> Message {
    Message {
        term: 70_000,
        granted: true,
        letter: 'ü',
        share: 0.25,
        wide: -(1 << 100),
        entries: vec![
            (1, Command::Get("k".into())),
            (2, Command::Put { key: "k".into(), value: vec![0, 255, 7] }),
            (3, Command::Nothing),
        ],
        leader: Some(2),
        sessions: BTreeMap::from([(9, "nine".into())]),
    }
}

#[test]
fn every_shape_round_trips() {
    assert_eq!(decode::<Message>(&encode(&message()).unwrap()).unwrap(), message());
}

#[test]
fn small_numbers_take_one_byte() {
    assert_eq!(encode(&250u64).unwrap().len(), 1);
    assert_eq!(encode(&65_535u64).unwrap().len(), 3);
    assert_eq!(encode(&vec![1u64, 2, 3]).unwrap(), [3, 1, 2, 3]);
}

#[test]
fn a_byte_string_is_the_same_with_and_without_the_annotation() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct AsAWhole(#[serde(with = "labgob::bytes")] Vec<u8>);

    let command: Vec<u8> = (0..=255).collect();
    let bytes = encode(&command).unwrap();
    assert_eq!(encode(&AsAWhole(command.clone())).unwrap(), bytes);
    assert_eq!(decode::<AsAWhole>(&bytes).unwrap(), AsAWhole(command));
}

#[test]
fn left_over_bytes_are_an_error() {
    let mut bytes = encode(&message()).unwrap();
    let len = bytes.len();
    bytes.push(0);
    let error = decode::<Message>(&bytes).unwrap_err();
    assert_eq!(error, DecodeError::LeftOver { type_name: error.type_name(), left: 1, len: len + 1 });
    assert!(error.to_string().contains("foreign_bytes::Message"), "{error}");
}

#[test]
fn a_short_buffer_is_an_error_wherever_it_ends() {
    let bytes = encode(&message()).unwrap();
    for len in 0..bytes.len() {
        let error = decode::<Message>(&bytes[..len]).unwrap_err();
        assert!(matches!(error, DecodeError::TooShort { .. }), "{len} of {} bytes: {error}", bytes.len());
        assert!(error.to_string().contains("Message"), "{error}");
    }
}

#[test]
fn a_length_beyond_the_input_is_an_error() {
    fn error_of<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> DecodeError {
        decode::<T>(bytes).map(|_| ()).unwrap_err()
    }
    let mut claim = encode(&u64::MAX).unwrap();
    claim.extend([1; 20]);
    for error in [
        error_of::<Vec<u8>>(&claim),
        error_of::<Vec<u64>>(&claim),
        error_of::<Vec<Message>>(&claim),
        error_of::<Vec<()>>(&claim),
        error_of::<Vec<[(); 7]>>(&claim),
        error_of::<HashSet<()>>(&claim),
        error_of::<HashMap<u64, u64>>(&claim),
        error_of::<Option<Vec<Vec<()>>>>(&[&[1, 1][..], &claim].concat()),
        // Each list alone would be allowed.
        error_of::<Vec<Vec<()>>>(&[&[3][..], &encode(&60_000u64).unwrap().repeat(3)].concat()),
    ] {
        assert!(matches!(error, DecodeError::AbsurdLength { .. }), "{error}");
    }
    for error in [
        error_of::<String>(&claim),
        error_of::<Box<str>>(&claim),
        error_of::<(u8, String)>(&[&[1][..], &claim].concat()),
    ] {
        assert!(matches!(error, DecodeError::TooShort { .. }), "{error}");
    }
}

/// Elements without bytes are allowed, and do not use the budget of those with bytes.
#[test]
fn many_elements_can_be_decoded() {
    let units = vec![(); 60_000];
    assert_eq!(decode::<Vec<()>>(&encode(&units).unwrap()).unwrap().len(), 60_000);
    let lists = vec![vec![7u8]; 200_000];
    assert_eq!(decode::<Vec<Vec<u8>>>(&encode(&lists).unwrap()).unwrap(), lists);
    let marked = vec![(1u8, std::marker::PhantomData::<u8>); 200_000];
    assert_eq!(decode::<Vec<(u8, std::marker::PhantomData<u8>)>>(&encode(&marked).unwrap()).unwrap(), marked);
}

#[test]
fn an_endlessly_nested_value_is_an_error() {
    #[derive(Serialize, Deserialize, Debug)]
    enum Chain {
        Link(Box<Chain>),
        End,
    }

    let error = decode::<Chain>(&vec![0; 1_000_000]).unwrap_err();
    assert!(matches!(error, DecodeError::TooDeep { .. }), "{error}");

    let chain = (0..100).fold(Chain::End, |chain, _| Chain::Link(Box::new(chain)));
    assert!(decode::<Chain>(&encode(&chain).unwrap()).is_ok());
}

#[test]
fn a_byte_that_is_not_allowed_is_an_error_that_says_so() {
    for (error, why) in [
        (decode::<bool>(&[2]).unwrap_err(), "neither false nor true"),
        (decode::<Option<u8>>(&[9, 9]).unwrap_err(), "neither none nor some"),
        (decode::<String>(&[1, 255]).unwrap_err(), "not UTF-8"),
        (decode::<char>(&[255]).unwrap_err(), "not UTF-8"),
        (decode::<u16>(&encode(&70_000u32).unwrap()).unwrap_err(), "larger than its type"),
        (decode::<Command>(&[3]).unwrap_err(), "variant"),
    ] {
        assert!(matches!(error, DecodeError::Malformed { .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains(error.type_name()), "{error}");
    }
}

#[test]
fn an_unsupported_attribute_is_an_error_that_names_it() {
    #[derive(Serialize, Deserialize, Debug)]
    #[serde(untagged)]
    enum Untagged {
        Number(u64),
    }
    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, u64>,
    }

    let error = decode::<Untagged>(&encode(&Untagged::Number(1)).unwrap()).unwrap_err();
    assert!(error.to_string().contains("untagged"), "{error}");

    let mut bytes = vec![1, 2, 3];
    let flat = Flat { rest: BTreeMap::from([("x".into(), 1)]) };
    let error = encode_into(&(7u8, flat), &mut bytes).unwrap_err();
    assert!(error.to_string().contains("Flat") && error.to_string().contains("flatten"), "{error}");
    assert_eq!(bytes, [1, 2, 3], "a failed encoding leaves nothing behind");
}

#[test]
fn a_decoder_stays_where_it_was_after_an_error() {
    let mut encoder = Encoder::new();
    encoder.encode("text").unwrap();
    encoder.encode(&5u8).unwrap();
    let bytes = encoder.finish();

    let mut decoder = Decoder::new(&bytes);
    assert!(decoder.decode::<(String, String)>().is_err());
    assert_eq!(decoder.decode::<String>().unwrap(), "text");
    assert!(!decoder.is_empty());
    let error = decoder.clone().finish().unwrap_err();
    assert_eq!(error, DecodeError::LeftOver { type_name: "alloc::string::String", left: 1, len: 6 });
    assert_eq!(decoder.decode::<u8>().unwrap(), 5);
    assert!(decoder.is_empty());
    assert!(matches!(decoder.decode::<u8>(), Err(DecodeError::TooShort { .. })));
    decoder.finish().unwrap();
}

/// Random bytes, and valid messages with one changed byte, either give an error or a value that round-trips,
/// quickly and without a panic.
#[test]
fn random_bytes_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    fn round_trips<T: serde::de::DeserializeOwned + Serialize>(bytes: &[u8]) -> bool {
        match decode::<T>(bytes) {
            Ok(value) => {
                let again = encode(&value).unwrap();
                assert!(decode::<T>(&again).is_ok());
                true
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        }
    }
    let (mut decoded, mut refused) = (0, 0);
    let mut count = |ok| if ok { decoded += 1 } else { refused += 1 };
    let valid = encode(&message()).unwrap();
    for _ in 0..20_000 {
        let random_bytes: Vec<u8> = (0..random() % 40)
            .map(|_| if random() % 3 == 0 { 247 + (random() % 9) as u8 } else { random() as u8 })
            .collect();
        count(round_trips::<Message>(&random_bytes));
        count(round_trips::<Vec<Message>>(&random_bytes));
        count(round_trips::<Vec<u8>>(&random_bytes));
        count(round_trips::<String>(&random_bytes));
        count(round_trips::<(u64, Vec<()>, Option<String>)>(&random_bytes));
        count(round_trips::<HashMap<String, Vec<Option<u16>>>>(&random_bytes));

        let mut touched = valid.clone();
        let at = random() as usize % touched.len();
        touched[at] = random() as u8;
        count(round_trips::<Message>(&touched));
    }
    assert!(decoded > 1000 && refused > 1000, "{decoded} decoded, {refused} refused: both must be frequent");
}

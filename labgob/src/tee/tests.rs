use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::write::{write, write_recorded};

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Newtype(i32);

#[derive(Serialize)]
struct Pair(u16, Newtype);

#[derive(Serialize)]
enum Choice {
    Nothing,
    One(u64),
    Two(char, Unit),
    Named { first: Option<f64>, second: [u8; 3] },
}

#[derive(Serialize)]
struct Skips {
    kept: u8,
    #[serde(skip)]
    #[expect(dead_code, reason = "it is there to be skipped")]
    skipped: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<u8>,
    #[serde(with = "crate::bytes")]
    bytes: Vec<u8>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

#[derive(Serialize)]
struct Flat {
    #[serde(flatten)]
    inner: Skips,
}

/// Serialized as text, as some types of other crates are.
struct Shown;

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(!serializer.is_human_readable());
        serializer.collect_str(&format_args!("{:>5}", 12))
    }
}

/// Fails after it has written something.
struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("a", &1)?;
        Err(S::Error::custom("as it should"))
    }
}

struct WithoutLength;

impl Serialize for WithoutLength {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        seq.serialize_element(&1)?;
        seq.end()
    }
}

/// Writing a value with and without a tape gives the same bytes and result.
fn same<T: Serialize + ?Sized>(value: &T) {
    let (mut plain, mut noted) = (vec![1, 2], vec![1, 2]);
    let written = write(value, &mut plain);
    assert_eq!(write_recorded(value, &mut noted).map(drop), written);
    assert_eq!(noted, plain, "of {}", std::any::type_name::<T>());
}

#[test]
fn the_bytes_are_those_of_bincode() {
    for number in [0, 1, 250, 251, 255, 256, 65_535, 65_536, u32::MAX.into(), 1 << 32, u64::MAX] {
        same(&(number as u8, number as u16, number as u32, number, number as usize));
        same(&(number as i8, number as i16, number as i32, number as i64, number as isize));
        same(&(u128::from(number) << 60, -i128::from(number) << 60, number as f32, number as f64));
    }
    same(&(true, false, (), Unit, 'a', 'é', '🦀', "", "text", [0u8; 0], [1u64, 300]));
    same(&(None::<u8>, Some(5), Some(Some("x")), Box::new(7), Newtype(-9), Pair(3, Newtype(4))));
    let named = Choice::Named { first: Some(0.1), second: [1, 2, 3] };
    same(&[Choice::Nothing, Choice::One(1), Choice::Two('c', Unit), named]);
    same(&vec![vec![1u8; 300], Vec::new()]);
    same(&BTreeMap::from([("a", vec![1]), ("b", vec![])]));
    same(&BTreeSet::from([3u64, 1, 2]));
    same(&Skips { kept: 1, skipped: 2, absent: None, bytes: vec![7; 300] });
    same(&[Untagged::Number(1), Untagged::Text("x".to_owned())]);
    same(&(Duration::from_millis(1_500), Ipv4Addr::LOCALHOST, Shown, "x".repeat(70_000)));
    same(&Ok::<u8, String>(1));
}

#[test]
fn the_errors_are_those_of_bincode() {
    same(&Fails);
    same(&(1, Fails));
    same(&WithoutLength);
    same(&Some(vec![WithoutLength]));
    same(&Flat { inner: Skips { kept: 1, skipped: 2, absent: None, bytes: Vec::new() } });
}

//! The memory for decoding: it is limited by the bytes that were read, whatever lengths they contain.
//!
//! The allocator counts for the whole process, so there is one test here.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

use labgob::{DecodeError, decode, encode};
use peak_alloc::PeakAlloc;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The bounds in the crate's documentation.
const FACTOR: usize = 12;
const CONSTANT: usize = 256 << 10;

/// 4 KiB of memory, at least 512 bytes encoded.
type Large = [[u64; 32]; 16];

/// 4 KiB of memory, at least one byte encoded.
type OptionalLarge = Option<Large>;

#[derive(Serialize, Deserialize)]
struct Tree {
    children: Vec<Self>,
    large: Large,
}

#[derive(Serialize, Deserialize)]
struct Forest {
    children: BTreeMap<u8, Forest>,
    more: HashMap<u16, Forest>,
    large: OptionalLarge,
}

#[derive(Serialize, Deserialize)]
enum Command {
    Nothing,
    Text(String),
    Several(Vec<Command>),
    Large(Box<Large>),
    Pair { first: Vec<u64>, second: Box<[u16]> },
}

/// 256 bytes of memory, no bytes encoded.
#[derive(Serialize, Deserialize, Clone, Default)]
struct Skipped {
    #[serde(skip)]
    #[expect(dead_code, reason = "it is there to take memory")]
    cache: [u64; 32],
}

/// The peak memory in bytes while decoding, in addition to that before; and the result.
fn peak_memory<T: DeserializeOwned>(bytes: &[u8]) -> (usize, Result<T, DecodeError>) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let decoded = decode::<T>(bytes);
    (ALLOCATOR.peak_usage() - before, decoded)
}

/// The worst case of a type over all inputs. `ratio` is the memory in bytes for one encoded byte.
struct Worst {
    ratio: usize,
    name: &'static str,
    inputs: usize,
    /// The greatest peak memory, and the length of the input.
    most: (usize, usize),
}

impl Worst {
    fn of<T: DeserializeOwned>(ratio: usize, inputs: &[Vec<u8>]) -> Self {
        let mut worst = Self { ratio, name: std::any::type_name::<T>(), inputs: 0, most: (0, 0) };
        for bytes in inputs {
            let (held, decoded) = peak_memory::<T>(bytes);
            drop(decoded);
            worst.inputs += 1;
            let bound = FACTOR * ratio * bytes.len() + CONSTANT;
            assert!(
                held <= bound,
                "{}: {held} bytes were held for {}, not {bound} at most: {bytes:?}",
                worst.name,
                bytes.len()
            );
            worst.most = worst.most.max((held, bytes.len()));
        }
        worst
    }
}

/// Inputs with hostile lengths, within the budget of elements and beyond.
fn hostile() -> Vec<Vec<u8>> {
    let lengths: Vec<Vec<u8>> =
        [0u64, 1, 2, 3, 60, 250, 1_000, 60_000, 65_599, 1 << 20, 1 << 40, 1 << 60, u64::MAX]
            .map(|length| encode(&length).unwrap())
            .to_vec();
    let mut inputs = Vec::new();
    for len in [1, 2, 9, 64, 300, 4_096] {
        for one in &lengths {
            let repeated: Vec<u8> = one.iter().copied().cycle().take(len).collect();
            for other in &lengths {
                // Repetitions of one length, with another one at the beginning or at the end.
                let mut bytes = repeated.clone();
                bytes.splice(0..other.len().min(len), other.iter().copied());
                inputs.push(bytes);
                let mut bytes = repeated.clone();
                let at = len.saturating_sub(other.len());
                bytes.splice(at.., other.iter().copied());
                inputs.push(bytes);
                inputs.push([one.as_slice(), other].concat().into_iter().cycle().take(len).collect());
            }
        }
    }
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for number in 0..2_000 {
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let small = number % 2 == 0;
        let bytes = (0..random() % 200).map(|_| if small { random() % 5 } else { random() % 256 } as u8);
        inputs.push(bytes.collect());
    }
    inputs
}

#[test]
fn memory_is_limited_by_the_bytes_that_were_read() {
    let inputs = hostile();
    let large = size_of::<Large>();
    let all = [
        // Large types with many encoded bytes.
        Worst::of::<Vec<Tree>>(24, &inputs),
        Worst::of::<Vec<Vec<Vec<Vec<Large>>>>>(24, &inputs),
        Worst::of::<HashMap<u8, HashMap<u8, HashMap<u8, Large>>>>(48, &inputs),
        Worst::of::<VecDeque<BinaryHeap<Vec<[u8; 32]>>>>(32, &inputs),
        Worst::of::<Vec<Command>>(40, &inputs),
        Worst::of::<Box<[Box<[String]>]>>(24, &inputs),
        Worst::of::<Vec<Box<[HashSet<u64>]>>>(48, &inputs),
        Worst::of::<LinkedList<LinkedList<u8>>>(40, &inputs),
        Worst::of::<BTreeMap<String, BTreeSet<Vec<u8>>>>(48, &inputs),
        Worst::of::<Vec<Result<u8, Box<Large>>>>(16, &inputs),
        Worst::of::<Vec<u8>>(1, &inputs),
        Worst::of::<Vec<bool>>(1, &inputs),
        Worst::of::<Vec<i128>>(16, &inputs),
        // Large types with one encoded byte.
        Worst::of::<Vec<OptionalLarge>>(size_of::<OptionalLarge>(), &inputs),
        Worst::of::<Option<Vec<Vec<OptionalLarge>>>>(size_of::<OptionalLarge>(), &inputs),
        Worst::of::<BTreeMap<u8, OptionalLarge>>(large, &inputs),
        Worst::of::<Forest>(large, &inputs),
        // Types without encoded bytes.
        Worst::of::<Vec<()>>(1, &inputs),
        Worst::of::<Vec<Vec<()>>>(24, &inputs),
        Worst::of::<Vec<[[[(); 32]; 32]; 32]>>(1, &inputs),
        Worst::of::<Vec<Skipped>>(1, &inputs),
        Worst::of::<Vec<[Box<Skipped>; 8]>>(1, &inputs),
        Worst::of::<Vec<(Skipped, Vec<Skipped>)>>(300, &inputs),
        Worst::of::<HashMap<(), Skipped>>(1, &inputs),
    ];
    for Worst { ratio, name, inputs, most: (held, len) } in all {
        println!("{held:>9} bytes for {len:>4}, {inputs} inputs, {ratio:>4} bytes a byte: {name}");
    }

    // Sixty-four lengths, one inside the other: each would have been worth 1 MiB.
    let (bytes, nothing) = peak_memory::<Vec<Tree>>(&[250; 64]);
    assert!(nothing.is_err());
    assert!(bytes <= 1024, "{bytes} bytes were held for elements of which none was there");

    real_values();
    zero_byte_elements();
    deep();
}

/// Encoded values can be decoded, within the same bounds.
fn real_values() {
    fn round_trips<T: Serialize + DeserializeOwned>(ratio: usize, value: &T) {
        let bytes = encode(value).unwrap();
        let (held, decoded) = peak_memory::<T>(&bytes);
        // A hash map has another order.
        let name = std::any::type_name::<T>();
        let again = encode(&decoded.unwrap()).unwrap();
        assert!(again == bytes || (name.contains("HashMap") && again.len() == bytes.len()), "{name}");
        assert!(held <= FACTOR * ratio * bytes.len() + CONSTANT, "{held} bytes for {}", bytes.len());
    }
    round_trips(1, &vec![7u8; 3_000_000]);
    round_trips(8, &(0..300_000u64).collect::<Vec<_>>());
    round_trips(24, &vec![String::new(); 300_000]);
    round_trips(size_of::<Option<[[u64; 32]; 4]>>(), &vec![None::<[[u64; 32]; 4]>; 20_000]);
    round_trips(48, &(0..100_000u64).map(|key| (key, key.to_string())).collect::<HashMap<_, _>>());
    round_trips(48, &(0..100_000u64).map(|key| (key, key.to_string())).collect::<BTreeMap<_, _>>());
    round_trips(24, &(0..50_000u32).map(|key| BTreeSet::from([key])).collect::<Vec<_>>());
    round_trips(1, &vec![(); 60_000]);
    round_trips(300, &vec![(Skipped::default(), 1u8); 10_000]);
    round_trips(1, &vec![(1u8, (), ((), ()), [(); 8]); 100_000]);
    let entries: Vec<Command> = (0..50_000)
        .map(|number| match number % 5 {
            0 => Command::Nothing,
            1 => Command::Text(number.to_string()),
            2 => Command::Several(vec![Command::Nothing, Command::Text("x".into())]),
            3 if number % 100 == 3 => Command::Large(Box::new([[number; 32]; 16])),
            _ => Command::Pair { first: vec![number; 3], second: Box::new([1, 2]) },
        })
        .collect();
    round_trips(40, &entries);
}

/// Elements that take no bytes are limited by their memory, and units by their number.
fn zero_byte_elements() {
    let some = vec![Skipped::default(); 200];
    assert_eq!(decode::<Vec<Skipped>>(&encode(&some).unwrap()).unwrap().len(), 200);
    let many = encode(&vec![Skipped::default(); 60_000]).unwrap();
    let (bytes, refused) = peak_memory::<Vec<Skipped>>(&many);
    let error = refused.map(drop).unwrap_err();
    assert!(matches!(error, DecodeError::MadeOfNothing { len: 3, .. }), "{error}");
    assert!(error.to_string().contains("Skipped") && error.to_string().contains("65539 bytes"), "{error}");
    assert!(bytes <= CONSTANT, "{bytes}");

    // Each element is 32,768 units: it is the work that is refused.
    let units = encode(&60_000u64).unwrap();
    let error = decode::<Vec<[[[(); 32]; 32]; 32]>>(&units).map(drop).unwrap_err();
    assert!(matches!(error, DecodeError::MadeOfNothing { .. }), "{error}");
}

/// Deeply nested large values would overflow the stack, 512 KiB in a simulation. A few levels can be decoded.
fn deep() {
    let grow = |tree| Tree { children: vec![tree], large: [[0; 32]; 16] };
    let tree = (0..3).fold(Tree { children: Vec::new(), large: [[0; 32]; 16] }, |tree, _| grow(tree));
    let small = encode(&tree).unwrap();
    let on_a_small_stack = std::thread::Builder::new().stack_size(512 << 10).spawn(move || {
        let error = decode::<Tree>(&[1; 64]).map(drop).unwrap_err();
        assert!(matches!(error, DecodeError::TooDeep { .. }), "{error}");
        let error = decode::<Forest>(&[1; 64]).map(drop).unwrap_err();
        assert!(matches!(error, DecodeError::TooDeep { .. }), "{error}");
        let again = encode(&decode::<Tree>(&small).unwrap()).unwrap();
        assert_eq!(again.len(), small.len());
    });
    on_a_small_stack.unwrap().join().unwrap();
}

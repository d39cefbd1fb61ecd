//! Capturing with a recorder, and the account of its memory.
//!
//! A process has one recorder, and the allocator counts for the whole process, so there is one test here.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use labgob::capture::{self, Recorder};
use labgob::{Encoder, Value, encode, encode_into};
use peak_alloc::PeakAlloc;
use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

struct TestRecorder {
    /// The encodings and their values.
    encoded: Mutex<Vec<(Vec<u8>, Value)>>,
    /// The memory in bytes that is not charged to the run.
    uncounted: AtomicI64,
    calls: AtomicU64,
}

thread_local! {
    static IS_WANTED: Cell<bool> = const { Cell::new(false) };
}

static RECORDER: TestRecorder =
    TestRecorder { encoded: Mutex::new(Vec::new()), uncounted: AtomicI64::new(0), calls: AtomicU64::new(0) };

impl Recorder for TestRecorder {
    fn wants(&self) -> bool {
        IS_WANTED.get()
    }

    fn encoded(&self, bytes: &[u8], value: Value) {
        self.uncounted(&mut || self.encoded.lock().unwrap().push((bytes.to_vec(), value.clone())));
    }

    fn uncounted(&self, f: &mut dyn FnMut()) {
        thread_local! {
            static DEPTH: Cell<u32> = const { Cell::new(0) };
        }
        let before = held();
        DEPTH.set(DEPTH.get() + 1);
        f();
        DEPTH.set(DEPTH.get() - 1);
        if DEPTH.get() == 0 {
            self.calls.fetch_add(1, Relaxed);
            self.uncounted.fetch_add(held() - before, Relaxed);
        }
    }
}

impl TestRecorder {
    fn take(&self) -> Vec<(Vec<u8>, Value)> {
        let mut taken = Vec::new();
        self.uncounted(&mut || taken = std::mem::take(&mut *self.encoded.lock().unwrap()));
        taken
    }
}

fn held() -> i64 {
    ALLOCATOR.current_usage() as i64
}

#[derive(Clone, Serialize)]
struct Message {
    term: u64,
    entries: Vec<(u64, String)>,
}

fn message(entries: u64) -> Message {
    Message { term: 3, entries: (0..entries).map(|entry| (entry, format!("command {entry}"))).collect() }
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no"))
    }
}

struct Panics;

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(2))?;
        seq.serialize_element(&5u8)?;
        std::panic::resume_unwind(Box::new(()))
    }
}

/// Encodes in every way in which lab code can, and returns the bytes.
fn encode_in_all_ways() -> Vec<Vec<u8>> {
    let mut all = vec![encode(&message(0)).unwrap(), encode(&message(200)).unwrap()];
    let mut appended = vec![1, 2, 3];
    encode_into(&message(1), &mut appended).unwrap();
    assert!(encode_into(&(1, Fails), &mut appended).is_err());
    all.push(appended);
    let mut encoder = Encoder::new();
    encoder.encode(&7u64).unwrap();
    assert!(encoder.encode(&(1, Fails)).is_err());
    let branch = encoder.clone();
    encoder.encode(&Some(2usize)).unwrap();
    all.push(encoder.finish());
    all.push(branch.finish());
    assert!(std::panic::catch_unwind(|| encode(&Panics)).is_err());
    // After a panic an encoder has bytes, but no value.
    let mut inconsistent = Encoder::new();
    inconsistent.encode(&1u8).unwrap();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inconsistent.encode(&Panics))).is_err());
    inconsistent.encode(&2u8).unwrap();
    assert_eq!(format!("{inconsistent:?}"), "Encoder { bytes: [1, 2, 5, 2] }");
    all.push(inconsistent.finish());
    all.push(capture::encode(&message(2)).unwrap().0);
    all.push(vec![0; 100]);
    all
}

#[test]
fn capturing_records_values_and_does_not_change_bytes() {
    let plain = encode_in_all_ways();
    capture::install(&RECORDER);

    // Without a session the recorder is not called.
    IS_WANTED.set(true);
    assert_eq!(encode_in_all_ways(), plain);
    assert!(RECORDER.take().is_empty());

    let session = capture::begin();
    let another = capture::begin();
    drop(another);
    IS_WANTED.set(false);
    assert_eq!(encode_in_all_ways(), plain);
    assert!(RECORDER.take().is_empty());

    IS_WANTED.set(true);
    assert_eq!(encode_in_all_ways(), plain);
    let recorded = RECORDER.take();
    let lines: Vec<_> = recorded.iter().map(|(_, value)| value.to_string()).collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert_eq!(lines[0], "{term: 3, entries: []}");
    assert!(lines[1].ends_with(", … 184 more]}"), "{}", lines[1]);
    assert_eq!(lines[2], r#"{term: 3, entries: [(0, "command 0")]}"#);
    assert_eq!((&*lines[3], &*lines[4]), ("(7, Some(2))", "(7)"));
    assert_eq!(
        [&recorded[0].0, &recorded[1].0, &recorded[3].0, &recorded[4].0],
        [&plain[0], &plain[1], &plain[3], &plain[4]]
    );
    assert_eq!(recorded[2].0, plain[2][3..]);
    drop(recorded);

    // The network gets the values of messages itself.
    let (bytes, value) = capture::encode(&message(1)).unwrap();
    assert_eq!((bytes, value.unwrap()), (encode(&message(1)).unwrap(), Value::of(&message(1)).unwrap()));
    drop(RECORDER.take());

    // Memory that lab code does not hold is on the harness's account, when it is allocated and when it is
    // freed.
    let counted = || held() - RECORDER.uncounted.load(Relaxed);
    for entries in [0, 1, 100, 10_000] {
        let lab = message(entries);
        drop(capture::encode(&lab));
        let (before, uncounted) = (counted(), RECORDER.uncounted.load(Relaxed));
        let calls = RECORDER.calls.load(Relaxed);
        let (bytes, value) = capture::encode(&lab).unwrap();
        let value = value.unwrap();
        assert!(RECORDER.uncounted.load(Relaxed) - uncounted >= value.byte_size() as i64);
        assert_eq!(counted() - before, bytes.capacity() as i64, "{entries} entries");
        drop(bytes);
        let entries_alone = value.clone().get("entries").unwrap();
        drop(value);
        drop(entries_alone);
        assert_eq!(counted(), before, "{entries} entries");
        let calls = RECORDER.calls.load(Relaxed) - calls;
        // One call to allocate the value, one to free it; more only while a long tape grows.
        assert!(calls <= if entries <= 100 { 2 } else { 20 }, "{calls} calls for {entries} entries");
    }
    let before = counted();
    drop(encode_in_all_ways());
    RECORDER.uncounted(&mut || drop(RECORDER.take()));
    assert_eq!(counted(), before);

    drop(session);
    drop(encode(&message(1)).unwrap());
    assert!(RECORDER.take().is_empty());
}

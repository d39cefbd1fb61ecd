//! Capturing the messages of a run does not change it, whatever `Serialize` does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use labgob::Value;
use labgob::capture::{self, Recorder, Session};
use labrpc::{Event, Network, Observer, Server, Service, Step};
use labrt::rand::RngExt;
use labrt::sync::Mutex;
use labrt::thread;
use labrt::world::{Options, World, simulate};
use serde::{Deserialize, Serialize, Serializer};

/// A recorder that can be switched on, and counts the values.
struct Counter {
    is_on: AtomicBool,
    encoded: AtomicU64,
}

static COUNTER: Counter = Counter { is_on: AtomicBool::new(false), encoded: AtomicU64::new(0) };

impl Recorder for Counter {
    fn wants(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    fn encoded(&self, bytes: &[u8], value: Value) {
        assert!(!bytes.is_empty() && value.byte_size() > 0);
        self.encoded.fetch_add(1, Ordering::Relaxed);
    }

    fn uncounted(&self, f: &mut dyn FnMut()) {
        f();
    }
}

/// Captures until it is dropped. One at a time, since the process has one recorder.
struct Capturing {
    _session: Session,
    _lock: MutexGuard<'static, ()>,
}

fn capturing() -> Capturing {
    static INSTALLED: Once = Once::new();
    static LOCK: StdMutex<()> = StdMutex::new(());
    INSTALLED.call_once(|| capture::install(&COUNTER));
    let lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    Capturing { _session: capture::begin(), _lock: lock }
}

/// Everything that distinguishes a run from another.
#[derive(Debug, PartialEq)]
struct Outcome {
    fingerprint: u64,
    verdict: Result<(), String>,
    /// All bytes that were sent and encoded.
    bytes: Vec<Vec<u8>>,
    events: Vec<(u64, Step, String, usize)>,
}

#[derive(Default)]
struct Seen {
    events: StdMutex<Vec<(u64, Step, String, usize)>>,
    contents: AtomicU64,
}

impl Observer for Seen {
    fn on(&self, event: &Event<'_>) -> u64 {
        self.contents.fetch_add(u64::from(event.content.is_some()), Ordering::Relaxed);
        let mut events = self.events.lock().unwrap();
        events.push((event.call, event.step, event.method.to_owned(), event.bytes));
        events.len() as u64
    }
}

/// A run whose threads contend for a lock, and encode and send the values of `message`. The second result is
/// the number of contents that the observer got.
fn run<M: Serialize + Send + 'static>(
    seed: u64,
    message: impl Fn(&Arc<Mutex<u64>>, u64) -> M + Send + Sync + 'static,
) -> (Outcome, u64) {
    let bytes = Arc::new(StdMutex::new(Vec::new()));
    let seen = Arc::new(Seen::default());
    let (all, observer) = (Arc::clone(&bytes), Arc::clone(&seen) as Arc<dyn Observer>);
    let run = simulate(Options::new(seed), move |world: &World| {
        let network = Network::new(world);
        network.observe(observer);
        network.set_reliable(false);
        let received = Arc::clone(&all);
        let mut server = Server::new(&world.node("server"));
        server.add_service(Service::new("Echo").method("echo", move |bytes: Vec<u8>| {
            received.lock().unwrap().push(bytes.clone());
            bytes
        }));
        network.add_server("server", server);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        let shared = Arc::new(Mutex::new(0));
        let message = Arc::new(message);
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let (end, shared, message) = (end.clone(), Arc::clone(&shared), Arc::clone(&message));
                let all = Arc::clone(&all);
                thread::spawn(move || {
                    for round in 0..10 {
                        let said = message(&shared, number * 100 + round);
                        let encoded = labgob::encode(&said).unwrap();
                        all.lock().unwrap().push(encoded.clone());
                        let _: Option<Vec<u8>> = end.call("Echo.echo", &encoded);
                        *shared.lock() += 1;
                        thread::sleep(Duration::from_micros(10));
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    let outcome = Outcome {
        fingerprint: run.fingerprint,
        verdict: run.result.map_err(|failure| failure.to_string()),
        bytes: std::mem::take(&mut bytes.lock().unwrap()),
        events: std::mem::take(&mut seen.events.lock().unwrap()),
    };
    (outcome, seen.contents.load(Ordering::Relaxed))
}

/// Checks for several seeds that capturing does not change the run. Returns whether the last run passed.
fn same_when_captured<M: Serialize + Send + 'static>(
    message: impl Fn(&Arc<Mutex<u64>>, u64) -> M + Send + Sync + Clone + 'static,
) -> bool {
    let _capturing = capturing();
    let mut is_ok = true;
    for seed in 0..10 {
        COUNTER.is_on.store(false, Ordering::Relaxed);
        COUNTER.encoded.store(0, Ordering::Relaxed);
        let (plain, contents) = run(seed, message.clone());
        assert_eq!((contents, COUNTER.encoded.load(Ordering::Relaxed)), (0, 0));
        assert!(!plain.bytes.is_empty());
        COUNTER.is_on.store(true, Ordering::Relaxed);
        let (captured, contents) = run(seed, message.clone());
        assert_eq!(captured, plain, "seed {seed}");
        let has_content = |step: &Step| {
            use Step::{ReplyDelivered, ReplySent, RequestDelivered, RequestSent};
            matches!(step, RequestSent { .. } | RequestDelivered | ReplySent | ReplyDelivered)
        };
        let expected = captured.events.iter().filter(|(_, step, ..)| has_content(step)).count();
        assert_eq!(contents, expected as u64);
        assert!(COUNTER.encoded.load(Ordering::Relaxed) > 0);
        is_ok = captured.verdict.is_ok();
    }
    is_ok
}

#[derive(Clone, Serialize, Deserialize)]
struct Plain {
    number: u64,
    text: String,
}

#[test]
fn plain_messages() {
    assert!(same_when_captured(|_, number| Plain { number, text: "x".repeat(number as usize) }));
}

/// Takes a contended lock of lab code, and holds it across a scheduling point.
struct Locks(Arc<Mutex<u64>>);

impl Serialize for Locks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shared = self.0.lock();
        *shared += 1;
        thread::yield_now();
        (*shared, "locked").serialize(serializer)
    }
}

#[test]
fn messages_that_take_a_lock() {
    assert!(same_when_captured(|shared, _| vec![Locks(Arc::clone(shared)), Locks(Arc::clone(shared))]));
}

/// Draws from the run's randomness.
struct Draws;

impl Serialize for Draws {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        labrt::rand::rng().random::<u64>().serialize(serializer)
    }
}

#[test]
fn messages_that_draw_random_numbers() {
    assert!(same_when_captured(|_, _| (Draws, Some(Draws))));
}

#[test]
fn messages_with_a_hash_map() {
    // The order comes from keys that std draws for each map.
    assert!(same_when_captured(|_, number| {
        (0..20).map(|key| (key, number)).collect::<HashMap<u64, u64>>()
    }));
    assert!(same_when_captured(|_, number| MakesMap(number)));
}

/// Makes its map when it is serialized.
struct MakesMap(u64);

impl Serialize for MakesMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (0..20).map(|key| (key, self.0)).collect::<HashMap<u64, u64>>().serialize(serializer)
    }
}

/// Panics in the middle of serializing number 207.
struct Panics(u64);

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 != 207, "number 207 cannot be written");
        self.0.serialize(serializer)
    }
}

#[test]
fn messages_that_panic() {
    assert!(!same_when_captured(|_, number| (1, Some(Panics(number)))));
}

/// Both deliveries of a duplicated request have the same value, in the same memory.
#[test]
fn a_copy_has_the_content_of_its_request() {
    #[derive(Default)]
    struct Contents(StdMutex<Vec<(Step, Value)>>);
    impl Observer for Contents {
        fn on(&self, event: &Event<'_>) -> u64 {
            if let Some(content) = event.content {
                self.0.lock().unwrap().push((event.step, content.clone()));
            }
            0
        }
    }
    let _capturing = capturing();
    COUNTER.is_on.store(true, Ordering::Relaxed);
    let contents = Arc::new(Contents::default());
    let observer = Arc::clone(&contents) as Arc<dyn Observer>;
    let run = simulate(Options::new(1), move |world: &World| {
        let network = Network::new(world);
        network.observe(observer);
        let after = Duration::from_millis(1)..=Duration::from_millis(1);
        network.set_duplicates(1.0, after);
        let mut server = Server::new(&world.node("server"));
        server.add_service(Service::new("Echo").method("echo", |args: Plain| args));
        network.add_server("server", server);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        let _: Option<Plain> = end.call("Echo.echo", &Plain { number: 7, text: "seven".to_owned() });
        thread::sleep(Duration::from_secs(1));
    });
    run.result.unwrap();
    let contents = contents.0.lock().unwrap();
    let steps: Vec<_> = contents.iter().map(|(step, _)| *step).collect();
    let expected = [
        Step::RequestSent { end: 0 },
        Step::RequestDelivered,
        Step::ReplySent,
        Step::ReplyDelivered,
        Step::RequestDelivered,
        // The call was answered by the first handler.
        Step::ReplyLate { end: 0 },
    ];
    assert_eq!(steps, expected);
    for (_, content) in &*contents {
        assert_eq!(content.to_string(), r#"{number: 7, text: "seven"}"#);
    }
    let memory = |at: usize| contents[at].1.get("text").unwrap().as_str().map(str::as_ptr);
    assert_eq!(memory(0), memory(1));
    assert_eq!(memory(0), memory(4));
    assert_ne!(memory(0), memory(2), "the reply is another value");
}

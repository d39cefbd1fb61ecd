//! Solutions that misbehave in one test, with the seeds that end in 7.
//!
//! Most are names only: [`run`] chooses by the name what to do instead of a simulation. Runs that pass take
//! no time, and have the same fingerprints for all solutions.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Mutex;
use labrt::thread;
use labrt::world::LogLine;
use persister::Persister;
use tester::{BrokenRule, Case, Detail, Report, ReportedFailure, RuleEvent, RunOptions};

/// All solutions. The first one behaves.
pub const ALL: &[Solution] = &[
    named("reference"),
    named("aborts"),
    named("breaks_a_rule"),
    named("aborts_when_watched"),
    named("always_fails"),
    named("fails_late"),
    named("allocates"),
    named("deceives"),
    named("exits"),
    named("fails"),
    named("hangs"),
    named("overflows"),
    named("prints"),
    named("reads"),
    named("todo"),
    named("nondeterministic"),
    named("dies_while_shrinking"),
    Solution::new("recurses").with_raft(recursing),
    Solution::new("spins").with_raft(spinning),
    Solution::new("starts_threads").with_raft(starting),
    Solution::new("prints_itself").with_raft(printing),
    Solution::new("shouts").with_raft(shouting),
    Solution::new("polls").with_raft(polling),
    Solution::new("storms").with_raft(storming),
    Solution::new("crowds").with_raft(crowding),
    Solution::new("waits_for_a_file").with_raft(waiting),
    Solution::new("holds_locks").with_raft(holding_locks),
    Solution::new("holds_a_lock_of_std").with_raft(holding_a_lock_of_std),
    Solution::new("forgets").with_raft(forgetting),
];

/// The solutions that misbehave in every run, in a simulation.
const SIMULATED: [&str; 12] = [
    "recurses",
    "spins",
    "starts_threads",
    "prints_itself",
    "shouts",
    "polls",
    "storms",
    "crowds",
    "waits_for_a_file",
    "holds_locks",
    "holds_a_lock_of_std",
    "forgets",
];

const fn named(name: &'static str) -> Solution {
    Solution::new(name).with_raft(raft::make)
}

/// The variable with the path of a socket that a hanging run connects to.
pub const ALIVE: &str = "LAB_TEST_ALIVE";

/// The test in which solutions misbehave.
pub const VICTIM: &str = "backup_3b";

/// Text with terminal escapes, bidirectional overrides, and characters that XML cannot express; and plain
/// words.
pub const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31;1m\u{9b}31m\r\
    \u{202e}evil\u{2066}\0\u{fffe}\u{feff}\n\
    replay: forged \u{5f20}\u{4e09} gr\u{f6}\u{df}e";

/// Whether a solution misbehaves in this run.
pub fn misbehaves(case: &str, seed: u64) -> bool {
    case == VICTIM && seed % 10 == 7
}

/// A run, mostly without a simulation.
pub fn run(case: &'static Case, solution: &Solution, options: &RunOptions) -> Report {
    if SIMULATED.contains(&solution.name) {
        return tester::run(case, solution, options);
    }
    let mut report = passed(case, options);
    if options.detail != Detail::Bare {
        analyse(solution.name, options, &mut report);
    }
    if solution.name == "dies_while_shrinking" && case.family.is_some() {
        if options.plan.is_some() {
            std::process::abort();
        }
        report.plan = case.plan(options.seed);
        report.failure = Some(failure("assertion", "it fails with the seed's own faults"));
    }
    let always = solution.name == "always_fails" && case.name == VICTIM;
    // Some runs pass, and most of those after them look as if none did.
    let late = solution.name == "fails_late" && case.name == VICTIM && options.seed >= 3;
    if report.failure.is_none() && (always || late || misbehaves(case.name, options.seed)) {
        report.failure = misbehave(solution.name, options.seed, &mut report.fingerprint);
    }
    if options.record {
        let line = |number: u32| LogLine {
            at: Duration::from_secs(number.into()),
            node: format!("server {}", number % 3),
            thread: "ticker".to_owned(),
            level: log::Level::Info,
            target: "raft".to_owned(),
            text: "text".to_owned(),
            cause: 0,
            after: 0,
        };
        match options.tap {
            Some(tap) => (0..100).for_each(|number| tap.take(&line(number))),
            None => report.log = (0..100).map(|number| line(number).to_string()).collect(),
        }
    }
    if solution.name == "deceives" && misbehaves(case.name, options.seed) {
        report.warnings = vec![HOSTILE.to_owned()];
        report.log.push(format!("  100.000000 INFO  server 2/ticker {HOSTILE}"));
    }
    report
}

/// Adds what the analyses of a watched run find: `breaks_a_rule` breaks one in every run of the victim.
fn analyse(solution: &str, options: &RunOptions, report: &mut Report) {
    report.analysed = true;
    let breaks = ["breaks_a_rule", "always_fails", "deceives"].contains(&solution);
    if breaks && report.test == VICTIM {
        report.broken = vec![broken(solution == "deceives")];
        if options.strict {
            report.failure = Some(failure("assertion", &report.broken[0].statement()));
        }
    }
    if solution == "fails_late" && report.test == VICTIM {
        let id = if report.seed % 50 < 25 { "AE1" } else { "RV1" };
        report.broken = vec![BrokenRule { id: id.to_owned(), ..broken(false) }];
    }
    if solution == "aborts_when_watched" && misbehaves(&report.test, options.seed) {
        std::process::abort();
    }
}

fn broken(hostile: bool) -> BrokenRule {
    let text = |text: &str| if hostile { HOSTILE.to_owned() } else { text.to_owned() };
    let event =
        |number, time, what: &str| RuleEvent { number, time, server: text("server 2"), what: text(what) };
    BrokenRule {
        id: text("AE1"),
        text: text("Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm"),
        headline: text("server 2 accepted an AppendEntries of an older term"),
        server: text("server 2"),
        at_seconds: 1.25,
        location: Some(text("raft/src/replication.rs:120")),
        events: vec![
            event(7, 1.0, "append_entries #74 1→2 {term 1, prev 16@1, entries [17@1]}"),
            event(8, 1.25, "server 2 answers {term 2, success}"),
        ],
        progress: false,
    }
}

fn passed(case: &Case, options: &RunOptions) -> Report {
    let seed = options.seed;
    Report {
        test: case.name.to_owned(),
        seed,
        failure: None,
        fingerprint: (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ case.name.len() as u64,
        reliable: true,
        peers: 3,
        plan: None,
        virtual_seconds: 1.0 + seed as f64 / 7.0,
        cpu_seconds: 0.001,
        rpcs: seed % 100,
        bytes: seed % 1000,
        commands: seed % 10,
        operations: 0,
        warnings: Vec::new(),
        broken: Vec::new(),
        unseen: Vec::new(),
        analysed: false,
        situations: Vec::new(),
        recording: None,
        log: Vec::new(),
    }
}

fn misbehave(solution: &str, seed: u64, fingerprint: &mut u64) -> Option<ReportedFailure> {
    match solution {
        "aborts" => {
            eprintln!("printed before the abort");
            std::process::abort()
        }
        "allocates" => {
            let much: Vec<u8> = Vec::with_capacity(1 << 62);
            std::hint::black_box(&much);
            None
        }
        "deceives" => {
            for bytes in [HOSTILE.as_bytes(), b"\xff\xfe\x9b"] {
                std::io::stdout().write_all(bytes).expect("written");
                std::io::stderr().write_all(bytes).expect("written");
            }
            let hostile = || HOSTILE.to_owned();
            Some(ReportedFailure {
                node: hostile(),
                thread: hostile(),
                location: Some(hostile()),
                backtrace: Some(hostile().replace('\n', " ")),
                ..failure(HOSTILE, HOSTILE)
            })
        }
        "exits" => std::process::exit(0),
        "fails" | "fails_late" | "breaks_a_rule" | "aborts_when_watched" | "always_fails" => {
            Some(failure("assertion", &format!("expected 3 servers, saw {seed}")))
        }
        "hangs" => {
            // The listener sees the connection end with this process.
            let _alive = std::env::var_os(ALIVE).map(|path| UnixStream::connect(path).expect("a listener"));
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
        "overflows" => {
            println!("{}", deeper(seed));
            None
        }
        "prints" => {
            let garbage = b"\xff\x00\x00\x00{\"Finished\":{\"test\":\"backup_3b\"}}\n".repeat(10_000);
            std::io::stdout().write_all(&garbage).expect("written");
            std::io::stderr().write_all(&garbage).expect("written");
            None
        }
        "reads" => {
            let read = std::io::stdin().read_to_end(&mut Vec::new()).expect("an empty input");
            assert_eq!(read, 0, "lab code found something on its standard input");
            None
        }
        "todo" => Some(failure("not_implemented", "not yet implemented: raft::start, part 3B")),
        "nondeterministic" => {
            *fingerprint = u64::from(std::process::id());
            Some(failure("panic", "it depends"))
        }
        _ => None,
    }
}

fn failure(kind: &str, message: &str) -> ReportedFailure {
    ReportedFailure {
        kind: kind.to_owned(),
        message: message.to_owned(),
        at_seconds: 1.5,
        node: "server 2".to_owned(),
        thread: "ticker".to_owned(),
        location: Some("raft/src/peer.rs:10:5".to_owned()),
        backtrace: None,
    }
}

fn recursing(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    apply: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    deeper(0);
    raft::make(peers, me, persister, apply)
}

fn spinning(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    loop {
        std::hint::spin_loop();
    }
}

fn starting(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    std::thread::spawn(|| ()).join().expect("it returns");
    unreachable!("the run has failed");
}

/// A Raft that saves nothing, as far as its next incarnation can tell: it forgets its term, vote and log.
fn forgetting(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    apply: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    if persister.raft_state_size() > 0 {
        persister.save(&[], &[]);
    }
    raft::make(peers, me, persister, apply)
}

/// Panics with a message of 240 MB.
fn shouting(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    panic!("the beginning {}", "\u{fffe}".repeat(80_000_000));
}

/// A type whose `Display` formats itself.
struct Recursive;

#[allow(clippy::recursive_format_impl)] // what students do by mistake
impl std::fmt::Display for Recursive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}, again")
    }
}

fn printing(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    println!("{Recursive}");
    unreachable!("the stack has overflowed");
}

/// Recurses until the stack overflows.
fn deeper(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    if depth == u64::MAX { room[0] } else { deeper(depth + 1).wrapping_add(room[63]) }
}

/// A Raft that does nothing but answer calls.
struct Echo;

#[labrpc::service]
impl Echo {
    fn echo(&self, number: u64) -> u64 {
        number
    }
}

impl Raft for Echo {
    fn start(&self, _: Vec<u8>) -> Option<labapi::Started> {
        None
    }

    fn get_state(&self) -> labapi::State {
        labapi::State { term: labapi::Term(0), is_leader: false }
    }

    fn snapshot(&self, _: labapi::LogIndex, _: Vec<u8>) {}

    fn persist_bytes(&self) -> usize {
        0
    }

    fn kill(&self) {}

    fn services(self: Arc<Self>) -> Vec<labrpc::Service> {
        vec![self.service()]
    }
}

fn storming(peers: Vec<ClientEnd>, me: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    if me == 0 {
        drop(thread::spawn(move || {
            loop {
                peers[me].echo(&7);
            }
        }));
    }
    Arc::new(Echo)
}

fn polling(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    loop {
        thread::sleep(Duration::from_nanos(1));
    }
}

fn crowding(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    loop {
        drop(thread::spawn(|| thread::sleep(Duration::from_secs(1000))));
    }
}

fn waiting(peers: Vec<ClientEnd>, me: usize, persister: Persister, apply: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    if me == 0 {
        log::info!("waiting for the file");
        while !std::path::Path::new("go-on").exists() {
            std::hint::spin_loop();
        }
        log::info!("it is there");
    }
    raft::make(peers, me, persister, apply)
}

fn holding_locks(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    apply: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    let state = Arc::new(Mutex::new(0));
    for _ in 0..2 {
        let state = Arc::clone(&state);
        drop(thread::spawn(move || {
            let mut state = state.lock();
            thread::sleep(Duration::from_millis(50));
            *state += 1;
        }));
    }
    raft::make(peers, me, persister, apply)
}

fn holding_a_lock_of_std(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    apply: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    let state = Arc::new(std::sync::Mutex::new(0));
    for _ in 0..2 {
        let state = Arc::clone(&state);
        drop(thread::spawn(move || {
            let mut state = state.lock().expect("nobody panics");
            thread::sleep(Duration::from_millis(50));
            *state += 1;
        }));
    }
    raft::make(peers, me, persister, apply)
}

//! The events that `lab replay` shows, and their description in `docs/events.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::commands::{folder, lab, out};

/// The fields that not every event of a kind has: those of a server.
const OF_A_SERVER: [&str; 3] = ["group", "server", "incarnation"];

fn page() -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.md");
    std::fs::read_to_string(page).expect("the page of the docs")
}

fn keys(event: &Value) -> BTreeSet<String> {
    let keys = event.as_object().expect("an object").keys().cloned();
    keys.filter(|key| !OF_A_SERVER.contains(&key.as_str())).collect()
}

/// The objects of a text, one a line.
fn objects(text: &str) -> Vec<Value> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix('{'));
    lines.map(|line| serde_json::from_str(&format!("{{{line}")).expect("JSON")).collect()
}

/// What `lab replay --json` prints: the header, and the events.
fn replayed(folder: &Path, test: &str, seed: u32) -> (Value, Vec<Value>) {
    let output = lab(folder, &format!("replay {test} --seed {seed} --json"));
    let text = out(&output);
    assert!(text.lines().all(|line| line.starts_with('{')), "{test}: something else is printed");
    assert!(String::from_utf8_lossy(&output.stderr).contains("fingerprint"), "{output:?}");
    let mut all = objects(&text).into_iter();
    (all.next().expect("a header"), all.collect())
}

#[test]
fn the_docs_have_every_kind_of_event_and_every_field() {
    let page = page();
    let mut examples = objects(&page).into_iter();
    let header = examples.next().expect("the header");
    let described: BTreeMap<String, BTreeSet<String>> =
        examples.map(|event| (event["kind"].as_str().expect("a kind").to_owned(), keys(&event))).collect();

    let folder = folder();
    let mut met = BTreeSet::new();
    // Raft with crashes, snapshots and an unreliable network; services; another protocol.
    for (test, seed) in [
        ("initial_election_3a", 1),
        ("snapshot_all_crash_3d", 1),
        ("unreliable_agree_3c", 1),
        ("restart_replay_4a", 1),
        ("persist_one_client_4b", 1),
        ("one_client_reliable_2b", 1),
        ("two_elections_b1", 1),
        ("one_proposer_p1", 1),
        ("publish_b5", 1),
        ("dead_winner_b6", 1),
    ] {
        let (of_run, events) = replayed(folder.path(), test, seed);
        assert_eq!(keys(&of_run), keys(&header));
        assert_eq!(of_run["test"], test);
        for event in events {
            let kind = event["kind"].as_str().expect("a kind").to_owned();
            let fields = described.get(&kind).unwrap_or_else(|| panic!("docs/events.md lacks {event}"));
            assert_eq!(&keys(&event), fields, "{event}");
            if let Some(step) = event["step"].as_str() {
                assert!(page.contains(&format!("`{step}`")), "docs/events.md lacks the step {step}");
            }
            met.insert(kind);
        }
    }
    for kind in [
        "message",
        "saved",
        "started",
        "crashed",
        "link_cut",
        "link_mended",
        "faults",
        "submitted",
        "executed",
        "operation_began",
        "operation_ended",
        "accepted",
        "applied",
        "installed",
        "snapshot_taken",
        "executes",
        "returned",
        "acquiring",
        "released",
        "queried",
        "probed",
        "probed_once",
        "applied_in_term",
        "inspected",
        "follows",
        "views",
        "votes",
        "knows",
        "proposed",
        "decided",
        "log",
    ] {
        assert!(met.contains(kind), "no run has {kind}");
    }
}

#[test]
fn a_replay_shows_calls_saves_and_states_between_the_lines_of_the_log() {
    let folder = folder();
    let output = lab(folder.path(), "replay basic_agree_3b --seed 5");
    let text = out(&output);
    let has = |line: &str| assert!(text.contains(line), "{line} is not in\n{text}");
    has("request_vote #1 1→2 {term 1, last 0@0} → {term 1, granted} (arrived ");
    has("{term 1, prev 0@0, entries [1@1], commit 0} → {term 1, success} (arrived ");
    has("raft/src/replication.rs:");
    has(" s     server 1: start → 1@1, accepted");
    has(" s     server 1: saves raft_state (6 bytes) [None, [1, 1, 0, 0]]  raft/src/persist.rs:");
    has(" s     server 1: leads term 1");
    has(" s     server 0: applies 1 \"");
    has(" DEBUG server 1/timer         stands for election in term 1");
    has(" starts on server 1, not accepted, 0.");
    has("lines of the network's log are left out");
    // Events and log, in the order of time.
    let times: Vec<f64> =
        text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    assert!(times.len() > 50 && times.is_sorted(), "{text}");
}

#[test]
fn heartbeats_are_counted_or_shown() {
    let folder = folder();
    let calls = |text: &str| text.lines().filter(|line| line.contains("append_entries #")).count();
    let few = out(&lab(folder.path(), "replay initial_election_3a --seed 1 --kind message"));
    let all = out(&lab(folder.path(), "replay initial_election_3a --seed 1 --kind message --heartbeats"));
    assert!(few.contains(" heartbeats of server "), "{few}");
    assert!(!all.contains(" heartbeats of server "), "{all}");
    assert!(calls(&few) < calls(&all), "{few}\n{all}");
}

#[test]
fn events_are_filtered_as_lines_are() {
    let folder = folder();
    let replay =
        |options: &str| out(&lab(folder.path(), &format!("replay basic_agree_3b --seed 5 {options}")));
    let of_event = |line: &&str| line.split_whitespace().nth(1) == Some("s");
    let events = |text: &str| text.lines().filter(of_event).count();
    let all = events(&replay(""));
    let saves = replay("--kind save");
    assert!(
        events(&saves) > 0 && saves.lines().filter(of_event).all(|line| line.contains(" saves ")),
        "{saves}"
    );
    assert!(!saves.contains(" DEBUG "), "{saves}");
    let log = replay("--kind log");
    assert!(events(&log) == 0 && log.contains("request (4 bytes) arrives"), "{log}");
    let late = replay("--since 0.4");
    assert!(events(&late) > 0 && events(&late) < all && late.contains(" calls and events)"), "{late}");
    let one = replay("--server 2 --kind message");
    assert!(one.lines().filter(of_event).all(|line| line.contains("2→") || line.contains("→2")), "{one}");
    let both = replay("--kind state,server --level info");
    assert!(events(&both) == 6 && both.contains("server 0: started"), "{both}");
    let found = replay("--grep entries.[");
    assert_eq!(events(&found), 0, "--grep takes a text: {found}");
    let json = replay("--json --kind save");
    assert!(objects(&json)[1..].iter().all(|event| event["kind"] == "saved"), "{json}");
}

/// What `lab replay --step` prints for these lines of input.
fn stepped(folder: &Path, run: &str, input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["replay", "--step"])
        .args(run.split(' '))
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lab runs");
    // A walk that has ended reads no more.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let output: Output = child.wait_with_output().expect("it ended");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = out(&output);
    let (_, walk) = text.split_once("an empty line repeats one\n").expect("the walk begins");
    walk.to_owned()
}

/// The numbers of the events at which the walk has stopped.
fn stops(walk: &str) -> Vec<u64> {
    let numbers = walk.lines().filter_map(|line| line.strip_prefix('>')?.split_whitespace().next());
    numbers.map(|number| number.trim_start_matches('#').parse().expect("a number")).collect()
}

#[test]
fn a_walk_steps_forward_and_back() {
    let folder = folder();
    let walk = |input: &str| stepped(folder.path(), "basic_agree_3b --seed 5", input);
    assert_eq!(stops(&walk("n\n\nn\nb\n\nb\n")), [1, 2, 3, 2, 1]);
    assert!(walk("n\nb\n").contains("there is none before"));
    // Lines of the log stand where they were written.
    assert!(walk("n\nn\n").contains("start server 1"));
    assert_eq!(stops(&walk("#40\nq\nn\n")), [40]);
    assert_eq!(stops(&walk("#4000\n")), Vec::<u64>::new());
    assert!(walk("#4000\n").contains("no event of that number"));
}

#[test]
fn a_walk_goes_to_servers_times_and_causes() {
    let folder = folder();
    let walk = |input: &str| stepped(folder.path(), "basic_agree_3b --seed 5", input);
    let of_server = walk("n 2\nn 2\nN\nb 2\n");
    assert!(stops(&of_server).is_sorted_by(|one, other| one != other), "{of_server}");
    assert_eq!(of_server.lines().filter(|line| line.starts_with('>')).count(), 4);
    let late = walk("t 0.5\nt 99\n");
    let first = late.lines().find(|line| line.starts_with('>')).expect("a stop");
    let time: f64 = first.split_whitespace().nth(2).expect("a time").parse().expect("seconds");
    assert!(time >= 0.5 && late.contains("the run ends before that time"), "{late}");
    // A reply arrives because it was sent, that because the request arrived, and that because it was sent.
    let (_, events) = replayed(folder.path(), "basic_agree_3b", 5);
    let arrived = events.iter().find(|event| event["step"] == "reply_delivered").expect("a reply");
    let number = |event: &Value, name: &str| event[name].as_u64().expect("a number");
    let mut chain = vec![number(arrived, "number")];
    while chain.len() < 4 {
        let last = events.iter().find(|event| event["number"] == chain[chain.len() - 1]).expect("an event");
        chain.push(number(last, "cause"));
    }
    assert_eq!(stops(&walk(&format!("#{}\nc\n\n\n", chain[0]))), chain);
    assert!(walk("n\nc\n").contains("no cause"));
}

#[test]
fn a_walk_tells_what_is_known_of_a_server() {
    let folder = folder();
    let walk = |input: &str| stepped(folder.path(), "basic_agree_3b --seed 5", input);
    assert!(walk("s\n").contains("which server?"));
    assert!(walk("s 1\n").contains("server 1 has not started"));
    let known = walk("t 0.6\ns 1\ns 0\n");
    assert!(known.contains("server 1 runs\n  term 1, leader, vote: itself\n  commit 3"), "{known}");
    assert!(known.contains("  log: 1 … 3 of term 1\n  next [4, 1, 4], match ["), "{known}");
    assert!(known.contains("term 1, follower, vote: server 1"), "{known}");
    assert!(known.contains("  last save: server 0: saves raft_state"), "{known}");
}

#[test]
fn a_walk_answers_what_it_does_not_understand() {
    let folder = folder();
    let walk = stepped(folder.path(), "basic_agree_3b --seed 5", "x\nn two\nr\nh\n");
    for says in [
        "`x` is no command; h shows them",
        "such as n 1",
        "no rule is known to be broken",
        "c        the cause",
    ] {
        assert!(walk.contains(says), "{says} is not in {walk}");
    }
    assert_eq!(stops(&stepped(folder.path(), "basic_agree_3b --seed 5 --kind save", "n\n")).len(), 1);
}

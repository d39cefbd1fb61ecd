//! Transcripts of events that are written by hand.

use serde_json::{Value as Json, json};

use super::*;

/// A step of a call from server 1 to server 2, in milliseconds.
fn step(ms: u64, call: u64, step: &str, content: Json) -> Json {
    json!({
        "kind": "message", "number": ms, "time_ns": ms * 1_000_000, "step": step, "call": call, "bytes": 1,
        "from": "server 1", "to": "server 2", "at": "server 1", "method": "Raft.append_entries",
        "content": content,
        "location": if step.starts_with("reply") { "raft/src/b.rs:9" } else { "raft/src/a.rs:7" },
    })
}

fn request() -> Json {
    json!({ "term": 1, "prev_log_index": 16, "prev_log_term": 1, "entries": [{ "term": 1 }],
            "leader_commit": 16 })
}

fn heartbeat() -> Json {
    json!({ "term": 1, "prev_log_index": 16, "prev_log_term": 1, "entries": [], "leader_commit": 16 })
}

fn reply() -> Json {
    json!({ "term": 2, "success": true })
}

fn transcript(events: &[Json]) -> Vec<Line> {
    let mut transcript = Transcript::default();
    events.iter().for_each(|event| transcript.add(event));
    transcript.finish()
}

#[track_caller]
fn expect_line(events: &[Json], text: &str) {
    let lines = transcript(events);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].text, text);
}

const CALL: &str = "append_entries #74 1→2 {term 1, prev 16@1, entries [17@1], commit 16}";

#[test]
fn a_call_is_one_line_with_its_fate() {
    let sent = step(2000, 74, "request_sent", request());
    let arrives = |ms| step(ms, 74, "request_delivered", request());
    let answers = |ms| step(ms, 74, "reply_sent", reply());
    let end = |ms, name| step(ms, 74, name, Json::Null);
    let sent = || sent.clone();
    for (events, fate) in [
        (vec![sent()], "under way at the end"),
        (vec![sent(), end(2005, "request_lost")], "lost"),
        (vec![sent(), arrives(2003)], "not answered at the end (arrived 2.003000)"),
        (vec![sent(), arrives(2003), end(2004, "reply_lost")], "no answer (arrived 2.003000)"),
        (
            vec![sent(), arrives(2003), answers(2003), end(2004, "reply_delivered")],
            "{term 2, success} (arrived and answered 2.003000, back 2.004000)",
        ),
        (
            vec![sent(), arrives(2003), answers(2004), end(2005, "reply_lost")],
            "{term 2, success} lost (arrived 2.003000, answered 2.004000)",
        ),
        (
            vec![sent(), end(2001, "reply_lost"), arrives(2003), step(2004, 74, "reply_late", reply())],
            "{term 2, success} too late (arrived 2.003000, answered 2.004000)",
        ),
        (
            vec![
                sent(),
                end(2000, "request_duplicated"),
                arrives(2003),
                answers(2003),
                end(2004, "reply_delivered"),
                arrives(2009),
                step(2009, 74, "reply_late", reply()),
            ],
            "{term 2, success} (sent twice by the network, arrived and answered 2.003000 and 2.009000, back \
             2.004000)",
        ),
    ] {
        expect_line(&events, &format!("{CALL} → {fate}"));
    }
}

#[test]
fn a_call_stands_where_it_was_sent_and_names_the_lines_of_the_solution() {
    let lines = transcript(&[
        step(1, 5, "request_sent", request()),
        json!({ "kind": "crashed", "text": "crashed", "at": "server 0", "time_ns": 2_000_000, "number": 2 }),
        step(3, 5, "request_delivered", request()),
        step(4, 5, "reply_sent", reply()),
        step(5, 5, "reply_delivered", reply()),
    ]);
    let times: Vec<u64> = lines.iter().map(|line| line.time_ns / 1_000_000).collect();
    assert_eq!(times, [1, 2]);
    assert_eq!(lines[0].location, "raft/src/a.rs:7 → raft/src/b.rs:9");
    assert_eq!(lines[0].parties, ["server 1", "server 2"]);
    assert_eq!((lines[1].kind, lines[1].level), (LineKind::Server, Level::Info));
}

/// A heartbeat that is answered at once.
fn beat(ms: u64, call: u64, arguments: Json, answer: Json) -> Vec<Json> {
    vec![
        step(ms, call, "request_sent", arguments.clone()),
        step(ms, call, "request_delivered", arguments),
        step(ms, call, "reply_sent", answer.clone()),
        step(ms, call, "reply_delivered", answer),
    ]
}

#[test]
fn heartbeats_are_quiet_if_they_bring_nothing_new() {
    let newer =
        json!({ "term": 1, "prev_log_index": 17, "prev_log_term": 1, "entries": [], "leader_commit": 17 });
    let refused = json!({ "term": 2, "success": false });
    let events = [
        beat(1, 1, heartbeat(), reply()),
        beat(2, 2, heartbeat(), reply()),
        beat(3, 3, newer.clone(), reply()),
        beat(4, 4, newer.clone(), reply()),
        beat(5, 5, newer.clone(), refused.clone()),
        beat(6, 6, newer.clone(), refused),
        beat(7, 7, request(), reply()),
        beat(8, 8, request(), reply()),
        vec![step(9, 9, "request_sent", newer.clone()), step(9, 9, "request_lost", Json::Null)],
        vec![step(10, 10, "request_sent", newer.clone()), step(10, 10, "request_lost", Json::Null)],
        beat(11, 11, newer, reply()),
    ]
    .concat();
    let quiet: Vec<bool> = transcript(&events).iter().map(|line| line.is_quiet).collect();
    assert_eq!(quiet, [false, true, false, true, false, false, false, false, false, true, false]);
}

#[test]
fn states_are_shown_when_they_change() {
    let state = |ms: u64, kind: &str, server: u64, term: u64| {
        json!({ "kind": kind, "at": format!("server {server}"), "time_ns": ms, "number": ms,
                "content": { "term": term, "is_leader": true } })
    };
    let lines = transcript(&[
        state(1, "probed_once", 0, 1),
        state(2, "probed", 0, 1),
        state(3, "queried", 0, 1),
        state(4, "queried", 1, 1),
        state(5, "probed", 0, 2),
    ]);
    let shown: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(shown, ["server 0: leads term 1", "server 1: leads term 1", "server 0: leads term 2"]);
}

#[test]
fn what_a_server_tells_is_shown_as_far_as_it_has_changed() {
    let told = |commit: u64, next: Json| {
        json!({ "kind": "inspected", "at": "server 1",
                "content": { "term": 3, "role": "Leader", "commit_index": commit, "next_index": next } })
    };
    let crash = json!({ "kind": "crashed", "at": "server 1", "text": "crashed" });
    let lines = transcript(&[told(1, json!([2, 2])), told(2, json!([2, 2])), crash, told(2, json!([3]))]);
    let shown: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        shown,
        [
            "server 1: now {term 3, commit 1, next_index [2, 2], role Leader}",
            "server 1: now {commit 2}",
            "server 1: crashed",
            "server 1: now {term 3, commit 2, next_index [3], role Leader}",
        ]
    );
    assert_eq!((lines[1].kind, lines[1].level), (LineKind::State, Level::Trace));
}

#[test]
fn a_request_and_its_acceptance_are_one_line() {
    let submitted =
        |server: u64| json!({ "kind": "submitted", "at": format!("server {server}"), "bytes": 3 });
    let accepted = json!({ "kind": "accepted", "at": "server 1", "content": { "index": 17, "term": 1 } });
    let lines = transcript(&[submitted(0), submitted(1), accepted]);
    let shown: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(shown, ["server 0: start of 3 bytes, not accepted", "server 1: start → 17@1, accepted"]);
    assert_eq!((lines[0].is_quiet, lines[1].is_quiet), (true, false));
    // Where nothing is ever accepted, the test does not tell.
    assert_eq!(transcript(&[submitted(0)])[0].text, "server 0: start of 3 bytes");
}

#[test]
fn a_crash_says_what_the_server_was_doing() {
    let crash =
        json!({ "kind": "crashed", "text": "crashed in the middle of an operation", "at": "server 2" });
    let lines = transcript(&[
        step(1, 5, "request_sent", request()),
        step(2, 5, "request_delivered", request()),
        crash,
    ]);
    assert_eq!(
        lines[1].text,
        "server 2: crashed in the middle of an operation, handling append_entries #5 1→2"
    );
}

#[test]
fn lines_of_the_log_stay_as_they_are() {
    let line = json!({ "kind": "log", "at": "server 1", "level": "WARN", "time_ns": 3, "line": "  a line" });
    let lines = transcript(&[line]);
    assert_eq!(
        (lines[0].text.as_str(), lines[0].level, lines[0].kind),
        ("  a line", Level::Warn, LineKind::Log)
    );
}

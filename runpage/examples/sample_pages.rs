//! Writes pages of made-up runs into a folder, for the tests in browsers: `sample_pages FOLDER`.

use std::path::Path;

use runpage::{Comparison, Events, Failure, Focus, Page, Rule, RuleEvent, write};
use serde_json::{Value as Json, json};

/// A run that is made up event by event.
#[derive(Default)]
struct Run {
    events: Vec<Json>,
    ns: u64,
    calls: u64,
}

/// The fate of a call.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    RequestLost,
    ReplyLost,
    Duplicated,
    Late,
}

impl Run {
    /// Adds an event at a party, 20 µs after the last one. Returns its number.
    fn event(&mut self, at: &str, cause: u64, kind: &str, rest: Json) -> u64 {
        self.ns += 20_000;
        let number = self.events.len() as u64 + 1;
        let mut event =
            json!({ "number": number, "time_ns": self.ns, "cause": cause, "at": at, "kind": kind });
        if at.starts_with("server") {
            event["incarnation"] = json!(1);
            event["group"] = json!("");
        }
        let (Json::Object(event_map), Json::Object(rest)) = (&mut event, rest) else { panic!("objects") };
        event_map.extend(rest);
        self.events.push(event);
        number
    }

    /// Adds the steps of a call. Returns the number of its last event.
    fn call(&mut self, from: &str, to: &str, method: &str, args: &Json, reply: &Json, fate: Fate) -> u64 {
        self.calls += 1;
        let call = self.calls;
        let step = |step: &str, content: &Json, location: Option<&str>| {
            json!({ "step": step, "call": call, "from": from, "to": to, "method": method, "bytes": 12,
                    "content": content, "location": location })
        };
        let cause = self.events.len() as u64;
        let sent = self.event(from, cause, "message", step("request_sent", args, Some("raft/src/peer.rs:7")));
        if fate == Fate::RequestLost {
            return self.event(from, sent, "message", step("request_lost", &Json::Null, None));
        }
        if fate == Fate::Duplicated {
            self.event(from, sent, "message", step("request_duplicated", &Json::Null, None));
            self.event(to, sent, "message", step("request_delivered", args, Some("raft/src/peer.rs:9")));
        }
        let arrived =
            self.event(to, sent, "message", step("request_delivered", args, Some("raft/src/peer.rs:9")));
        let answered =
            self.event(to, arrived, "message", step("reply_sent", reply, Some("raft/src/peer.rs:9")));
        match fate {
            Fate::ReplyLost => self.event(from, answered, "message", step("reply_lost", &Json::Null, None)),
            Fate::Late => {
                self.event(to, answered, "message", step("reply_late", &Json::Null, None));
                self.ns += 2_000_000_000;
                self.event(from, answered, "message", step("reply_delivered", reply, None))
            }
            _ => self.event(from, answered, "message", step("reply_delivered", reply, None)),
        }
    }

    fn start(&mut self, servers: usize) {
        for server in 0..servers {
            self.event(&name(server), 0, "started", json!({ "text": "started" }));
        }
    }

    fn append(&mut self, leader: usize, to: usize, append: Append, fate: Fate) -> u64 {
        let Append { term, prev, entries, commit, success } = append;
        let entries: Vec<Json> = entries.iter().map(|term| json!({ "term": term, "command": "x" })).collect();
        let args = json!({ "term": term, "leader_id": leader, "prev_log_index": prev.0,
                           "prev_log_term": prev.1, "entries": entries, "leader_commit": commit });
        let reply = json!({ "term": term, "success": success });
        self.call(&name(leader), &name(to), "Raft.append_entries", &args, &reply, fate)
    }

    fn vote(&mut self, candidate: usize, to: usize, term: u64, granted: bool) -> u64 {
        let args =
            json!({ "term": term, "candidate_id": candidate, "last_log_index": 1, "last_log_term": 1 });
        let reply = json!({ "term": term, "vote_granted": granted });
        self.call(&name(candidate), &name(to), "Raft.request_vote", &args, &reply, Fate::Answered)
    }

    fn kept(&self, focus: Focus) -> Events {
        let mut events = Events::new(focus);
        self.events.iter().cloned().for_each(|event| events.add(event));
        events
    }
}

/// An AppendEntries: the leader's term, the entry before the new ones, their terms, the commit index, and the
/// answer.
struct Append<'a> {
    term: u64,
    prev: (u64, u64),
    entries: &'a [u64],
    commit: u64,
    success: bool,
}

fn name(server: usize) -> String {
    format!("server {server}")
}

/// A run of Raft with each kind of event, in which server 2 accepts an older term.
fn raft() -> (Run, Vec<u64>) {
    let mut run = Run::default();
    run.start(3);
    run.ns = 300_000_000;
    run.vote(0, 1, 1, true);
    run.vote(0, 2, 1, true);
    run.event("server 0", 0, "probed", json!({ "content": { "term": 1, "is_leader": true } }));
    run.event("tester", 0, "faults", json!({ "text": "the network becomes unreliable" }));
    run.event("server 0", 0, "submitted", json!({ "bytes": 20 }));
    run.event("server 0", 0, "accepted", json!({ "content": { "index": 1, "term": 1 } }));
    run.event(
        "server 0",
        0,
        "saved",
        json!({ "step": "took_effect", "location": "raft/src/persist.rs:78",
        "records": [{ "name": "raft_state", "bytes": 40,
                      "content": [{ "term": 1, "voted_for": 0, "log": [{ "term": 1 }] }] }] }),
    );
    let first = Append { term: 1, prev: (0, 0), entries: &[1], commit: 0, success: true };
    run.append(0, 1, first, Fate::Answered);
    run.append(
        0,
        2,
        Append { term: 1, prev: (0, 0), entries: &[1], commit: 0, success: true },
        Fate::Duplicated,
    );
    run.event("server 0", 0, "applied", json!({ "content": { "index": 1, "command": "x" } }));
    for _ in 0..10 {
        run.ns += 100_000_000;
        for to in [1, 2] {
            let beat = Append { term: 1, prev: (1, 1), entries: &[], commit: 1, success: true };
            run.append(0, to, beat, Fate::Answered);
        }
    }
    for peer in [1, 2] {
        run.event(
            "server 0",
            0,
            "link_cut",
            json!({ "peer": peer, "text": format!("link to server {peer} cut") }),
        );
    }
    run.append(
        0,
        1,
        Append { term: 1, prev: (1, 1), entries: &[1], commit: 1, success: true },
        Fate::RequestLost,
    );
    run.event("server 0", 0, "accepted", json!({ "content": { "index": 2, "term": 1 } }));
    let joined = run.vote(1, 2, 2, true) - 1;
    run.event("server 1", 0, "accepted", json!({ "content": { "index": 2, "term": 2 } }));
    run.append(1, 2, Append { term: 2, prev: (1, 1), entries: &[2], commit: 1, success: true }, Fate::Late);
    run.event("server 1", 0, "crashed", json!({ "text": "crashed" }));
    run.ns += 400_000_000;
    run.event("server 1", 0, "started", json!({ "text": "started" }));
    for peer in [1, 2] {
        run.event(
            "server 0",
            0,
            "link_mended",
            json!({ "peer": peer, "text": format!("link to server {peer} mended") }),
        );
    }
    run.append(
        0,
        1,
        Append { term: 1, prev: (1, 1), entries: &[1], commit: 1, success: false },
        Fate::ReplyLost,
    );
    run.append(
        0,
        1,
        Append { term: 1, prev: (1, 1), entries: &[1], commit: 1, success: false },
        Fate::Answered,
    );
    let old = run.append(
        0,
        2,
        Append { term: 1, prev: (1, 1), entries: &[1], commit: 1, success: true },
        Fate::Answered,
    );
    run.event("server 2", old, "violation", json!({ "text": "expected one command at index 2; saw two" }));
    (run, vec![joined, old - 2, old - 1])
}

/// A run with more events than a page shows.
fn large(number: usize) -> Run {
    let mut run = Run::default();
    run.start(5);
    let (mut index, mut term) = (0, 1);
    while run.events.len() < number {
        run.ns += 10_000_000;
        if index % 400 == 399 {
            term += 1;
            for to in [1, 2, 3, 4] {
                run.vote(0, to, term, true);
            }
        }
        run.event("server 0", 0, "accepted", json!({ "content": { "index": index + 1, "term": term } }));
        for to in 1..5 {
            let append = Append { term, prev: (index, term), entries: &[term], commit: index, success: true };
            run.append(0, to, append, if to == 4 { Fate::ReplyLost } else { Fate::Answered });
        }
        index += 1;
        for server in 0..5 {
            run.event(&name(server), 0, "applied", json!({ "content": { "index": index, "command": "x" } }));
        }
    }
    run
}

/// A run of a key/value service.
fn clients() -> Run {
    let mut run = Run::default();
    run.start(1);
    for round in 0..12 {
        run.ns = (round + 1) * 100_000_000;
        let client = format!("client {}", round % 3);
        let operation =
            if round == 10 { "Get(x)".to_owned() } else { format!("Put(x, \"v{round}\", {round})") };
        run.event(&client, 0, "operation_began", json!({ "text": operation }));
        let (args, reply) = (json!({ "key": "x" }), json!({ "Err": "WrongLeader" }));
        run.call(&client, "server 0", "KvServer.put", &args, &reply, Fate::Answered);
        run.ns += 30_000_000;
        let answer = if round == 10 { "\"v2\", version 3" } else { "done" };
        run.event(&client, 0, "operation_ended", json!({ "operation": "put", "answer": answer }));
    }
    run
}

fn failure(kind: &str, message: &str, at_seconds: f64) -> Failure {
    Failure {
        kind: kind.to_owned(),
        message: message.to_owned(),
        at_seconds: Some(at_seconds),
        seen_on: "tester (thread main)".to_owned(),
        location: Some("raft/tests/raft.rs:7:5".to_owned()),
        backtrace: None,
    }
}

fn rule(numbers: &[u64], events: &[Json]) -> Rule {
    let event = |number: &u64| {
        let event = &events[usize::try_from(number - 1).expect("it is small")];
        RuleEvent {
            number: *number,
            time: event["time_ns"].as_f64().expect("a time") / 1e9,
            server: event["at"].as_str().expect("a party").to_owned(),
            what: "append_entries {term 1, prev 1@1, entries [2@1]}".to_owned(),
        }
    };
    let events: Vec<RuleEvent> = numbers.iter().map(event).collect();
    Rule {
        id: "AE1".to_owned(),
        text: "Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm".to_owned(),
        headline: "server 2 accepted an AppendEntries of an older term".to_owned(),
        server: "server 2".to_owned(),
        at_seconds: events.last().map_or(0.0, |event| event.time),
        location: Some("raft/src/replication.rs:120".to_owned()),
        events,
    }
}

const DEADLOCK: &str = "2 threads wait for each other, and none can ever go on:\n  \
    thread `ticker` of server 1 waits for a lock at raft/src/a.rs:21:81, which thread `applier` of server 1 \
    holds since raft/src/b.rs:3:4\n  \
    thread `applier` of server 1 waits for a lock at raft/src/b.rs:9:9, which thread `ticker` of server 1 \
    holds since raft/src/a.rs:7:1\n\
    Take locks in the same order everywhere, or hold one at a time";

const HISTORY: &str = "expected the operations on key x to be linearizable: each takes effect at one moment \
    between its call and its return; saw an answer that no order explains:\n    \
    client 1, 1.100 s to 1.130 s: Get(x) -> \"v2\", version 3\n\
    these 2 contradict each other, whatever else happened:\n    \
    client 0, 1.000 s to 1.030 s: Put(x, \"v9\", 9) -> done\n  \
    > client 1, 1.100 s to 1.130 s: Get(x) -> \"v2\", version 3\n\
    without it the operations so far (11) have an order:\n    \
    8 operations, then\n    \
    client 2, 0.900 s to 0.930 s: Put(x, \"v8\", 8) -> done\n    \
    client 0, 1.000 s to 1.030 s: Put(x, \"v9\", 9) -> done\n  \
    which leaves x \"v9\", version 10; there the answer would be \"v9\", version 10\n";

const HOSTILE: &str = "</script><script>document.title = 'broken out'</script>\
    <img src=x onerror=\"document.title='broken out'\">";

fn main() {
    let folder = std::env::args_os().nth(1).expect("usage: sample_pages FOLDER");
    let folder = Path::new(&folder);
    let page = |file: &str, events: &Events, failure: Option<Failure>, broken: &[Rule], log: &[String]| {
        let comparison = (file == "compared").then(|| Comparison {
            seed: "0x7".to_owned(),
            passed: true,
            unlike: Some(20),
        });
        let page = Page {
            test: "backup_3b",
            title: "leader backs up quickly over incorrect follower logs",
            seed: "0x1f",
            solution: "reference",
            replay: "cargo lab replay backup_3b --seed 0x1f",
            seconds: 4.4,
            failure,
            broken,
            faults: &[],
            unseen: &[],
            events,
            log,
            comparison,
        };
        write(&folder.join(format!("{file}.html")), &page.html()).expect("the page is written");
    };
    let (run, numbers) = raft();
    let log: Vec<String> = run
        .events
        .iter()
        .step_by(5)
        .map(|event| {
            let seconds = event["time_ns"].as_f64().expect("a time") / 1e9;
            format!(
                "   {seconds:.6} DEBUG {}/applier   has looked at its log",
                event["at"].as_str().unwrap_or("")
            )
        })
        .collect();
    let failed = || failure("assertion", "expected one command at index 2; saw two", 3.2);
    let rules = [rule(&numbers, &run.events)];
    page("raft", &run.kept(Focus::Event(numbers[2])), Some(failed()), &rules, &log);
    page("passed", &run.kept(Focus::Begin), None, &[], &log);
    page("compared", &run.kept(Focus::End), Some(failed()), &[], &log);
    page(
        "large",
        &large(26_000).kept(Focus::End),
        Some(failure("timeout", "expected an end", 1e6)),
        &[],
        &[],
    );
    page("deadlock", &run.kept(Focus::End), Some(failure("deadlock", DEADLOCK, 9.0)), &[], &log);
    page("clients", &clients().kept(Focus::End), Some(failure("assertion", HISTORY, 1.3)), &[], &[]);
    page("empty", &Events::new(Focus::Begin), Some(failure("panic", "it died at once", 0.0)), &[], &[]);
    let mut hostile = Run::default();
    hostile.start(2);
    hostile.event("server 0", 0, "applied", json!({ "content": { "index": 1, "command": HOSTILE } }));
    hostile.event("server 1", 0, "violation", json!({ "text": HOSTILE }));
    let mut rule = rule(&[3], &hostile.events);
    (rule.headline, rule.events[0].what) = (HOSTILE.to_owned(), HOSTILE.to_owned());
    let lines = [format!("   0.000100 INFO  server 0/{HOSTILE} {HOSTILE}")];
    page("hostile", &hostile.kept(Focus::End), Some(failure("panic", HOSTILE, 1.0)), &[rule], &lines);
}

//! The contents of a recorded run; and that neither watching nor recording changes the run.

use std::time::Duration;

use labrpc::Step;
use labrt::world::Backend;
use tester::{Case, Cluster, Detail, Party, Recorded, RecordedKind, Report, RunOptions, cases, run};

use crate::expect::expect_pass;
use crate::gossip::{Gossip, gossip, gossip_with};
use crate::raft::double::solution;
use crate::raft::fault::Fault;

const DETAILS: [Detail; 5] =
    [Detail::Bare, Detail::Outlined, Detail::Watched, Detail::Recorded, Detail::WatchedAndOutlined];

fn two_rumors(cluster: &Cluster<Gossip>) {
    for number in [300, 7] {
        cluster.call(0, "learn", move |_, gossiper| gossiper.learn(number));
        cluster.sleep(Duration::from_millis(10));
    }
    cluster.shutdown(1);
    cluster.restart(1);
    cluster.set_reliable(false);
}

fn recorded() -> Report {
    let report = gossip(None, Detail::Recorded, two_rumors);
    expect_pass(&report);
    report
}

fn events(report: &Report) -> &[Recorded] {
    report.recording.as_ref().expect("the run was recorded").events()
}

#[test]
fn only_a_recorded_run_keeps_its_events() {
    for detail in [Detail::Bare, Detail::Watched] {
        assert!(gossip(None, detail, two_rumors).recording.is_none());
    }
    assert!(events(&recorded()).len() > 20);
}

#[test]
fn outlines_keep_no_contents_of_messages_and_saves() {
    for detail in [Detail::Outlined, Detail::WatchedAndOutlined] {
        let report = gossip(None, detail, two_rumors);
        assert_eq!(events(&report).len(), events(&recorded()).len());
        let mut others = 0;
        for event in events(&report) {
            match &event.kind {
                RecordedKind::Message { content, .. } => assert!(content.is_none(), "{event:?}"),
                RecordedKind::Saved { records, .. } => {
                    assert!(records.iter().all(|record| record.content.is_none()), "{event:?}");
                }
                RecordedKind::Protocol { value, .. } => others += usize::from(value.is_some()),
                _ => {}
            }
        }
        assert!(others > 0, "other events have contents");
    }
}

#[test]
fn events_are_numbered_and_in_order() {
    let report = recorded();
    for (position, event) in events(&report).iter().enumerate() {
        assert_eq!(event.number, position as u64 + 1);
        assert!(event.cause < event.number, "{event:?}");
    }
    assert!(events(&report).is_sorted_by_key(|event| event.at));
}

/// The handler of a request is caused by its delivery; the caller's next action, by the delivery of the
/// reply.
#[test]
fn an_event_names_its_cause() {
    let report = recorded();
    let events = events(&report);
    let step = |number: u64| match &events[number as usize - 1].kind {
        RecordedKind::Message { call, step, .. } => Some((*call, *step)),
        _ => None,
    };
    let mut replies = 0;
    for event in events {
        match event.kind {
            RecordedKind::Message { call, step: Step::RequestDelivered, .. } => {
                assert!(matches!(step(event.cause), Some((sent, Step::RequestSent { .. })) if sent == call));
            }
            RecordedKind::Message { call, step: Step::ReplyDelivered, .. } => {
                replies += 1;
                assert_eq!(step(event.cause), Some((call, Step::ReplySent)));
            }
            // A server learned a number from a message, or from the test.
            RecordedKind::Protocol { name: "knows", .. } => {
                let mut number = event.cause;
                while number > 0 && step(number).is_none() {
                    number = events[number as usize - 1].cause;
                }
                let first = matches!(event.party, Party::Server(who) if who.server == 0);
                assert_eq!(number == 0, first, "{event:?}");
            }
            _ => {}
        }
    }
    assert!(replies > 0);
}

#[test]
fn messages_and_saves_are_values_with_names() {
    let report = recorded();
    let (mut requests, mut replies, mut saves) = (0, 0, 0);
    for event in events(&report) {
        match &event.kind {
            RecordedKind::Message { step, method, content, location, bytes, from, .. } => {
                assert_eq!(&**method, "Gossiper.rumor");
                let content = content.as_ref();
                match step {
                    Step::RequestSent { .. } | Step::RequestDelivered => {
                        requests += 1;
                        let number = content.unwrap().get("number").unwrap().as_u64().unwrap();
                        assert!([7, 300].contains(&number) && *bytes > 0);
                        let Party::Server(from) = from else { panic!("a server has called") };
                        let field = content.unwrap().get("from").unwrap();
                        assert_eq!(field.as_u64(), Some(from.server as u64));
                        assert!(location.unwrap().file().ends_with("gossip.rs"));
                    }
                    Step::ReplySent | Step::ReplyDelivered => {
                        replies += 1;
                        assert!(content.unwrap().as_u64().unwrap() < 4);
                    }
                    _ => assert!(content.is_none()),
                }
            }
            RecordedKind::Saved { records, location, .. } => {
                saves += 1;
                assert!(location.file().ends_with("gossip.rs"));
                let [record] = &records[..] else { panic!("one record") };
                assert_eq!(&*record.name, "known");
                let pieces: Vec<_> = record.content.as_ref().unwrap().pieces().collect();
                let [labgob::fragments::Piece::Value(value, range)] = &pieces[..] else {
                    panic!("one encode")
                };
                assert_eq!(range.len(), record.bytes);
                let numbers: Vec<u64> = value.iter().map(|number| number.as_u64().unwrap()).collect();
                assert!([vec![300], vec![7, 300]].contains(&numbers), "{numbers:?}");
            }
            _ => {}
        }
    }
    assert!(requests > 3 && replies > 3 && saves == 6, "{requests} {replies} {saves}");
}

/// The events of a run that are described in words.
fn told(body: fn(&Cluster<Gossip>)) -> Vec<String> {
    let report = gossip(None, Detail::Recorded, body);
    expect_pass(&report);
    let told = events(&report).iter().filter_map(|event| match &event.kind {
        RecordedKind::Described { text, .. } => Some(format!("{}: {text}", event.party)),
        _ => None,
    });
    told.collect()
}

#[track_caller]
fn expect_told(told: &[String], expected: &[&str]) {
    for &expected in expected {
        assert!(told.iter().any(|told| told == expected), "expected `{expected}` in {told:#?}");
    }
}

#[test]
fn events_of_servers_links_and_faults_are_recorded() {
    let expected = [
        "server 2: started",
        "server 1: link to server 0 mended",
        "server 1: link to server 2 cut",
        "server 1: crashed",
        "server 1 (incarnation 2): started",
        "tester: network: unreliable",
    ];
    expect_told(&told(two_rumors), &expected);
}

#[test]
fn events_of_faults_beyond_the_course_are_recorded() {
    fn body(cluster: &Cluster<Gossip>) {
        two_rumors(cluster);
        cluster.pause(0);
        cluster.resume(0);
        cluster.set_clock_rate(0, 2_000_000);
        cluster.cut_way(0, 2, true);
        cluster.cut_way(0, 2, false);
        let joined = cluster.join();
        cluster.leave(joined);
        cluster.halt(2);
    }
    let expected = [
        "server 0: paused",
        "server 0: resumed",
        "server 0: clock at 2000000 ppm",
        "server 0: one-way link to server 2 cut",
        "server 0: one-way link to server 2 open",
        "server 3: joined",
        "server 3: left",
        "server 2: told to stop",
    ];
    expect_told(&told(body), &expected);
}

#[test]
fn events_of_messages_are_recorded() {
    fn body(cluster: &Cluster<Gossip>) {
        two_rumors(cluster);
        cluster.set_reliable(true);
        cluster.set_long_reordering(true);
        cluster.set_long_reordering(false);
        cluster.set_duplicates(0.25, Duration::ZERO..=Duration::from_millis(1));
    }
    let expected = [
        "tester: network: reliable",
        "tester: network: long reordering on",
        "tester: network: long reordering off",
        "tester: network: 0.25 of the requests arrive twice",
    ];
    expect_told(&told(body), &expected);
}

#[test]
fn the_events_of_a_raft_are_recorded() {
    let case = cases().iter().find(|case| case.name == "basic_agree_3b").unwrap();
    let options = RunOptions { detail: Detail::Recorded, ..RunOptions::new(1) };
    let report = run(case, &raft::SOLUTION, &options);
    let names: Vec<&str> = events(&report)
        .iter()
        .filter_map(|event| match event.kind {
            RecordedKind::Protocol { name, .. } => Some(name),
            _ => None,
        })
        .collect();
    for expected in ["probed_once", "probed", "accepted", "applied"] {
        assert!(names.contains(&expected), "expected `{expected}` in {names:?}");
    }
}

#[test]
fn the_last_event_of_a_run_that_fails_is_the_violation() {
    let report = gossip(None, Detail::Recorded, |cluster| {
        cluster.call(2, "learn", |_, gossiper| gossiper.learn(1001));
    });
    let events = events(&report);
    let violation = events.iter().position(|event| matches!(event.kind, RecordedKind::Violation(_))).unwrap();
    let cause = &events[events[violation].cause as usize - 1];
    assert!(matches!(cause.kind, RecordedKind::Protocol { name: "knows", .. }), "{cause:?}");
    assert!(!report.passed());
}

#[test]
fn real_threads_can_record_too() {
    let options = RunOptions { backend: Backend::Threads, detail: Detail::Recorded, ..RunOptions::new(7) };
    let report = gossip_with(None, &options, two_rumors);
    expect_pass(&report);
    let with_content = |event: &&Recorded| match &event.kind {
        RecordedKind::Message { content: Some(content), .. } => content.get("number").is_some(),
        _ => false,
    };
    assert!(events(&report).iter().filter(with_content).count() > 3);
}

fn verdict(report: &Report) -> (u64, Option<(String, String)>, usize) {
    let failure = report.failure.as_ref().map(|failure| (failure.kind.clone(), failure.message.clone()));
    (report.fingerprint, failure, report.warnings.len())
}

/// A log that is encoded as a whole at each save is not kept as a whole each time.
#[test]
fn saves_share_their_unchanged_parts() {
    let report = gossip(None, Detail::Recorded, |cluster| {
        for number in 0..1000 {
            cluster.call(0, "learn", move |_, gossiper| gossiper.learn(number));
        }
        cluster.sleep(Duration::from_secs(1));
    });
    expect_pass(&report);
    let recording = report.recording.as_ref().unwrap();
    let mut whole = 0;
    let (mut saves, mut last) = (0, None);
    for event in recording.events() {
        if let RecordedKind::Saved { records, .. } = &event.kind {
            let pieces: Vec<_> = records[0].content.as_ref().unwrap().pieces().collect();
            let [labgob::fragments::Piece::Value(value, _)] = &pieces[..] else { panic!("one encode") };
            whole += value.byte_size();
            saves += 1;
            last = Some(value.len());
        }
    }
    assert_eq!((saves, last), (3000, Some(1000)));
    assert!(recording.content_bytes() * 2 < whole, "{} of {whole}", recording.content_bytes());
    assert_eq!((recording.without_contents(), recording.left_out()), (0, 0));
}

/// A crash interrupts a save: its event comes from the test's thread.
#[test]
fn an_interrupted_save_is_recorded_with_its_content() {
    let report = gossip(None, Detail::Recorded, |cluster| {
        let second = Duration::from_secs(1);
        cluster.call(2, "learn", |_, gossiper| gossiper.learn(5));
        cluster.sleep(second);
        cluster.set_save_time(2, Some(second..=second));
        let client = cluster.clone();
        labrt::thread::spawn(move || client.call(2, "learn", |_, gossiper| gossiper.learn(300)));
        cluster.sleep(Duration::from_millis(10));
        cluster.shutdown(2);
    });
    expect_pass(&report);
    let is_interrupted = |event: &&Recorded| {
        matches!(event.kind, RecordedKind::Saved { step: persister::SaveStep::Interrupted { .. }, .. })
    };
    let event = events(&report).iter().find(is_interrupted).expect("a save was interrupted");
    let RecordedKind::Saved { records, .. } = &event.kind else { panic!("it is a save") };
    let pieces: Vec<_> = records[0].content.as_ref().unwrap().pieces().collect();
    assert!(
        matches!(&pieces[..], [labgob::fragments::Piece::Value(value, _)] if value.len() == 2),
        "{pieces:?}"
    );
}

#[test]
fn a_halted_server_crashes_when_it_is_shut_down() {
    let report = gossip(None, Detail::Recorded, |cluster| {
        cluster.call(0, "learn", |_, gossiper| gossiper.learn(5));
        cluster.halt(1);
        cluster.restart(1);
    });
    expect_pass(&report);
    let is_told = |text: &str| {
        let told = |event: &Recorded| {
            matches!(&event.kind, RecordedKind::Described { text: told, .. } if **told == *text)
                && event.party.to_string() == "server 1"
        };
        events(&report).iter().position(told)
    };
    assert!(is_told("told to stop").unwrap() < is_told("crashed").unwrap());
}

/// `bare` is the reference: events that nobody receives cannot change the run.
#[track_caller]
fn expect_the_same(case: &'static Case, solution: &labapi::Solution, seed: u64) {
    let of = |detail| verdict(&run(case, solution, &RunOptions { detail, ..RunOptions::new(seed) }));
    let bare = of(Detail::Bare);
    for detail in DETAILS {
        assert_eq!(bare, of(detail), "{} with seed {seed}, {detail:?}", case.name);
    }
}

#[test]
fn a_raft_is_the_same_run_in_every_detail() {
    for case in cases().iter().filter(|case| ["3A", "3B", "3D"].contains(&case.part)) {
        expect_the_same(case, &raft::SOLUTION, 3);
    }
}

#[test]
fn a_run_that_fails_is_the_same_run_in_every_detail() {
    let find = |name: &str| cases().iter().find(|case| case.name == name).unwrap();
    for seed in 0..3 {
        expect_the_same(find("initial_election_3a"), &solution::<{ Fault::TwoLeaders as u8 }>(), seed);
        expect_the_same(find("persist1_3c"), &solution::<{ Fault::ForgetsLog as u8 }>(), seed);
        expect_the_same(find("basic_agree_3b"), &solution::<{ Fault::OtherCommand as u8 }>(), seed);
    }
}

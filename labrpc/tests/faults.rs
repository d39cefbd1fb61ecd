//! Injected faults: duplicated requests, one-way cuts, slow links and paused servers.

mod junk;
mod real_threads;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use junk::JunkServer;
use labrpc::{ClientEnd, Network, Server, Service};
use labrt::thread::{self, JoinHandle};
use labrt::time::Instant;
use labrt::world::{Backend, Options, Run, World, simulate};
use real_threads::retry_while_late;

const MS: Duration = Duration::from_millis(1);

/// A network with one server, `server`, and end points that lead to it.
struct Fixture {
    world: World,
    network: Network,
    junk: Arc<JunkServer>,
}

impl Fixture {
    fn new(world: &World) -> Self {
        let fixture = Self {
            world: world.clone(),
            network: Network::new(world),
            junk: Arc::new(JunkServer::default()),
        };
        let mut server = Server::new(&world.node("server"));
        server.add_service(fixture.junk.service());
        server.add_service(Service::new("Slow").method("sleep", |milliseconds: u64| {
            thread::sleep(Duration::from_millis(milliseconds));
            milliseconds
        }));
        fixture.network.add_server("server", server);
        fixture
    }

    fn end(&self, name: &str) -> ClientEnd {
        let end = self.network.make_end(name);
        self.network.connect(name, "server");
        self.network.enable(name, true);
        end
    }

    fn now(&self) -> Duration {
        self.world.now()
    }

    /// Checks a time up to what the virtual clock adds for each step. Real time may always be longer.
    #[track_caller]
    fn assert_about(&self, seen: Duration, expected: Duration) {
        let late = seen >= expected + MS && self.world.backend() == Backend::Simulation;
        assert!(seen >= expected && !late, "{seen:?} instead of {expected:?}");
    }
}

fn run<T: Send + 'static>(options: Options, body: impl FnOnce(&Fixture) -> T + Send + 'static) -> Run<T> {
    simulate(options, move |world| body(&Fixture::new(world)))
}

fn run_seed<T: Send + 'static>(seed: u64, body: impl FnOnce(&Fixture) -> T + Send + 'static) -> T {
    run(Options::new(seed), body).result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"))
}

/// Runs a test once in simulation and once on real threads.
fn test(body: impl Fn(&Fixture) + Copy + Send + 'static) {
    run_seed(1, body);
    retry_while_late(|| {
        let options = Options {
            backend: Backend::Threads,
            max_virtual_time: Duration::from_secs(60),
            ..Options::new(1)
        };
        run(options, body)
    });
}

/// Calls the handler that records its argument. Returns the duration, and whether there was a reply.
fn timed_call(end: &ClientEnd, number: i64) -> (Duration, bool) {
    let start = Instant::now();
    let reply: Option<String> = end.call("JunkServer.handler2", &number);
    if let Some(reply) = &reply {
        assert_eq!(*reply, format!("handler2-{number}"));
    }
    (start.elapsed(), reply.is_some())
}

/// Calls, on another thread, a handler that takes so long. The thread returns the time of the outcome and the
/// reply.
fn call_slow(fixture: &Fixture, end: &ClientEnd, milliseconds: u64) -> JoinHandle<(Duration, Option<u64>)> {
    let (end, world) = (end.clone(), fixture.world.clone());
    thread::spawn(move || {
        let reply = end.call("Slow.sleep", &milliseconds);
        (world.now(), reply)
    })
}

fn milliseconds(range: RangeInclusive<u64>) -> RangeInclusive<Duration> {
    Duration::from_millis(*range.start())..=Duration::from_millis(*range.end())
}

/// The duration and success of so many calls, one after the other, on an unreliable network.
fn outcomes(calls: i64, prepare: impl FnOnce(&Network) + Send + 'static) -> Vec<(u128, bool)> {
    run_seed(7, move |fixture| {
        let end = fixture.end("end");
        fixture.network.set_reliable(false);
        fixture.network.set_long_reordering(true);
        prepare(&fixture.network);
        let call = |number| {
            let (took, answered) = timed_call(&end, number);
            (took.as_millis(), answered)
        };
        (0..calls).map(call).collect()
    })
}

#[test]
fn injected_faults_change_no_draw_of_the_fault_model() {
    let plain = outcomes(500, |_| {});
    assert!(plain.iter().any(|(_, answered)| !answered) && plain.iter().any(|(took, _)| *took > 200));
    assert_eq!(plain, outcomes(500, |network| network.set_duplicates(0.0, Duration::ZERO..=MS)));
    assert_eq!(plain, outcomes(500, |network| network.set_duplicates(1.0, milliseconds(1..=50))));
    assert_eq!(
        plain,
        outcomes(500, |network| network.set_slow_link("end", Some(Duration::ZERO..=Duration::ZERO)))
    );
    assert_eq!(
        plain,
        outcomes(500, |network| {
            network.cut_requests("end", false);
            network.cut_replies("end", false);
        })
    );
    // Calls through another end point that is cut draw nothing from the fault model of these.
    assert_eq!(
        plain,
        outcomes(500, |network| {
            let other = network.make_end("other");
            network.connect("other", "server");
            network.enable("other", true);
            network.cut_requests("other", true);
            assert!(!timed_call(&other, -1).1);
        })
    );
}

/// A kind of fault draws the same whether or not another kind is on.
#[test]
fn kinds_of_faults_draw_independently() {
    let slowness = |duplicates| {
        run_seed(3, move |fixture| {
            let end = fixture.end("end");
            fixture.network.set_slow_link("end", Some(milliseconds(1..=1000)));
            fixture.network.set_duplicates(duplicates, milliseconds(1..=2));
            (0..50).map(|number| timed_call(&end, number).0.as_millis()).collect::<Vec<_>>()
        })
    };
    assert_eq!(slowness(0.0), slowness(0.5));
}

#[test]
fn a_duplicated_request_is_handled_twice_and_answered_once() {
    for reliable in [true, false] {
        let (calls, answered, handled, counts) = run_seed(1, move |fixture| {
            let end = fixture.end("end");
            fixture.network.set_reliable(reliable);
            fixture.network.set_duplicates(1.0, milliseconds(10..=20));
            let answered = (0..300).filter(|number| timed_call(&end, *number).1).count();
            thread::sleep(21 * MS);
            (
                fixture.network.total_count(),
                answered,
                fixture.junk.log2_len(),
                fixture.network.count("server"),
            )
        });
        assert_eq!(calls, 300, "the totals count the call once");
        assert_eq!(handled as u64, counts, "the server counts what it handles");
        assert_eq!(handled % 2, 0);
        if reliable {
            assert_eq!((answered, handled), (300, 600));
        } else {
            assert!((480..600).contains(&handled), "{handled} arrivals: a lost request has no copy");
            assert!(answered < handled / 2, "the reply to a copy does not replace a lost one");
        }
    }
}

#[test]
fn a_copy_adds_no_delay_and_no_bytes() {
    let bytes = |probability| {
        run_seed(1, move |fixture| {
            let end = fixture.end("end");
            fixture.network.set_duplicates(probability, milliseconds(10..=20));
            assert!((0..20).all(|number| timed_call(&end, number).1));
            let took = fixture.now();
            thread::sleep(30 * MS);
            (fixture.network.total_bytes(), took < 3 * MS)
        })
    };
    assert_eq!(bytes(1.0), bytes(0.0));
    assert!(bytes(1.0).1);
}

#[test]
fn copies_have_the_probability_and_delay_that_were_set() {
    let (handled, mut gaps) = run_seed(5, move |fixture| {
        let end = fixture.end("end");
        fixture.network.set_duplicates(0.25, milliseconds(100..=300));
        let mut gaps = Vec::new();
        for number in 0..1000 {
            let before = fixture.junk.log2_len();
            assert!(timed_call(&end, number).1);
            let sent = fixture.now();
            while fixture.now() < sent + 301 * MS {
                thread::sleep(5 * MS);
                if fixture.junk.log2_len() == before + 2 {
                    gaps.push((fixture.now() - sent).as_millis());
                    break;
                }
            }
        }
        (fixture.junk.log2_len(), gaps)
    });
    assert!((1185..1315).contains(&handled), "{handled} arrivals of 1000 calls, a quarter of them twice");
    gaps.sort_unstable();
    assert_eq!(gaps.len(), handled - 1000);
    assert!((100..115).contains(&gaps[0]), "{gaps:?}");
    assert!((290..=306).contains(&gaps[gaps.len() - 1]), "{gaps:?}");
}

/// A copy is lost if the server that it was sent to has been killed.
#[test]
fn a_copy_for_a_killed_server_is_not_handled() {
    test(|fixture| {
        let node = fixture.world.node("victim");
        let mut server = Server::new(&node);
        server.add_service(Arc::clone(&fixture.junk).service());
        fixture.network.add_server("server", server);
        let end = fixture.end("end");
        fixture.network.set_duplicates(1.0, milliseconds(10..=10));
        assert!(timed_call(&end, 1).1);
        node.kill();
        thread::sleep(20 * MS);
        assert_eq!((fixture.junk.log2_len(), fixture.network.count("server")), (1, 1));
    });
}

#[test]
fn the_first_handler_to_return_answers_the_call() {
    test(|fixture| {
        let mut server = Server::new(&fixture.world.node("server"));
        let first = labrt::sync::atomic::AtomicBool::new(true);
        server.add_service(Service::new("Odd").method("ask", move |(): ()| {
            let first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
            thread::sleep(if first { 500 * MS } else { 50 * MS });
            first
        }));
        fixture.network.add_server("odd", server);
        let end = fixture.network.make_end("odd end");
        fixture.network.connect("odd end", "odd");
        fixture.network.enable("odd end", true);
        fixture.network.set_duplicates(1.0, milliseconds(10..=10));
        assert_eq!(end.call::<(), bool>("Odd.ask", &()), Some(false));
        fixture.assert_about(fixture.now(), 60 * MS);
        thread::sleep(Duration::from_secs(1));
    });
}

#[test]
fn a_cut_of_requests_loses_requests() {
    for (long, bound) in [(false, 100), (true, 7000)] {
        run_seed(1, move |fixture| {
            let (end, other) = (fixture.end("end"), fixture.end("other"));
            fixture.network.set_long_delays(long);
            fixture.network.cut_requests("end", true);
            let took: Vec<_> = (0..200).map(|number| timed_call(&end, number)).collect();
            assert!(took.iter().all(|(took, answered)| !answered && took.as_millis() < bound), "{took:?}");
            let longest = took.iter().map(|(took, _)| took.as_millis()).max().unwrap();
            assert!(longest > bound * 9 / 10, "callers wait as for an unreachable server: {longest}");
            assert_eq!(fixture.junk.log2_len(), 0);
            assert!(timed_call(&other, 1).1, "only one end point is cut");
            fixture.network.cut_requests("end", false);
            assert!(timed_call(&end, 2).1, "the cut is healed");
        });
    }
}

/// A request that was sent before the cut arrives, and its reply comes back.
#[test]
fn a_cut_of_requests_lets_replies_through() {
    test(|fixture| {
        let end = fixture.end("end");
        let call = call_slow(fixture, &end, 350);
        thread::sleep(10 * MS);
        fixture.network.cut_requests("end", true);
        let (at, reply) = call.join().unwrap();
        assert_eq!(reply, Some(350));
        fixture.assert_about(at, 350 * MS);
    });
}

#[test]
fn a_cut_of_replies_loses_replies() {
    test(|fixture| {
        let (end, other) = (fixture.end("end"), fixture.end("other"));
        fixture.network.cut_replies("end", true);
        let (took, answered) = timed_call(&end, 1);
        assert!(!answered);
        fixture.assert_about(took, Duration::from_micros(100_100));
        assert_eq!(fixture.junk.log2_len(), 1, "the request arrives and is handled");

        // A handler that takes longer than a poll: its caller is told at the next one.
        let start = fixture.now();
        let (at, reply) = call_slow(fixture, &end, 250).join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_about(at - start, Duration::from_micros(300_300));

        assert!(timed_call(&other, 2).1, "only one end point is cut");
        fixture.network.cut_replies("end", false);
        assert!(timed_call(&end, 3).1, "the cut is healed");
    });
}

/// A cut is decisive at the time when the reply is sent.
#[test]
fn a_reply_that_is_sent_after_the_cut_is_healed_gets_through() {
    test(|fixture| {
        let end = fixture.end("end");
        fixture.network.cut_replies("end", true);
        let call = call_slow(fixture, &end, 350);
        thread::sleep(200 * MS);
        fixture.network.cut_replies("end", false);
        assert_eq!(call.join().unwrap().1, Some(350));

        // But one that is lost stays lost.
        let start = fixture.now();
        fixture.network.cut_replies("end", true);
        let call = call_slow(fixture, &end, 10);
        thread::sleep(20 * MS);
        fixture.network.cut_replies("end", false);
        let (at, reply) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_about(at - start, Duration::from_micros(100_100));
    });
}

#[test]
fn a_slow_link_delays_both_ways() {
    test(|fixture| {
        let (end, other) = (fixture.end("end"), fixture.end("other"));
        fixture.network.set_slow_link("end", Some(30 * MS..=30 * MS));
        let call = {
            let end = end.clone();
            thread::spawn(move || timed_call(&end, 1))
        };
        thread::sleep(29 * MS);
        assert_eq!(fixture.junk.log2_len(), 0);
        thread::sleep(2 * MS);
        assert_eq!(fixture.junk.log2_len(), 1);
        let (took, answered) = call.join().unwrap();
        assert!(answered);
        fixture.assert_about(took, 60 * MS);

        let (took, answered) = timed_call(&other, 2);
        assert!(answered && took < MS, "only one end point is slow");
        fixture.network.set_slow_link("end", None);
        let (took, answered) = timed_call(&end, 3);
        assert!(answered && took < MS, "the link is no longer slow");
    });
}

#[test]
fn the_delays_of_a_slow_link_are_uniform() {
    let took = run_seed(2, move |fixture| {
        let end = fixture.end("end");
        fixture.network.set_slow_link("end", Some(milliseconds(100..=200)));
        (0..2000).map(|number| timed_call(&end, number).0.as_micros()).collect::<Vec<_>>()
    });
    let mean = took.iter().sum::<u128>() / 2000;
    assert!((298_000..302_000).contains(&mean), "two delays of 150 ms are {mean} microseconds");
    let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
    assert!((200_000..210_000).contains(least) && (390_000..400_100).contains(most), "{least} to {most}");
}

/// On an unreliable network a slow link adds to the delay that the fault model draws; a lost message stays
/// lost.
#[test]
fn a_slow_link_adds_to_the_drawn_delay() {
    let plain = outcomes(300, |_| {});
    let slow = outcomes(300, |network| {
        network.set_slow_link("end", Some(Duration::from_secs(5)..=Duration::from_secs(5)));
    });
    for ((plain, answered), slow) in plain.into_iter().zip(slow) {
        match slow {
            (took, true) => assert_eq!((took, answered), (plain + 10_000, true)),
            // Either the request was lost or the reply.
            (took, false) => assert!(!answered && (took == plain || took == plain + 5000)),
        }
    }
}

#[test]
fn a_slow_reply_is_counted_when_it_arrives() {
    test(|fixture| {
        let end = fixture.end("end");
        fixture.network.set_slow_link("end", Some(10 * MS..=10 * MS));
        let call = {
            let end = end.clone();
            thread::spawn(move || timed_call(&end, 1))
        };
        thread::sleep(15 * MS);
        let before = fixture.network.total_bytes();
        assert!(call.join().unwrap().1);
        assert!(fixture.network.total_bytes() > before);
    });
}

#[test]
fn requests_wait_while_their_server_is_paused() {
    test(|fixture| {
        let end = fixture.end("end");
        let (early, wait) = (call_slow(fixture, &end, 100), 1000 * MS);
        thread::sleep(50 * MS);
        fixture.network.pause_server("server");
        let calls: Vec<_> = (0..10).map(|_| call_slow(fixture, &end, 20)).collect();
        thread::sleep(wait);
        assert_eq!(fixture.network.count("server"), 11, "they have arrived");
        assert!(!early.is_finished() && calls.iter().all(|call| !call.is_finished()));
        fixture.network.resume_server("server");
        let resumed = fixture.now();
        let (at, reply) = early.join().unwrap();
        assert_eq!(reply, Some(100));
        fixture.assert_about(at, resumed); // it was due long ago
        for call in calls {
            let (at, reply) = call.join().unwrap();
            assert_eq!(reply, Some(20));
            fixture.assert_about(at, resumed + 20 * MS);
        }
    });
}

#[test]
fn deleting_a_paused_server_ends_its_calls() {
    test(|fixture| {
        let end = fixture.end("end");
        fixture.network.pause_server("server");
        let call = call_slow(fixture, &end, 20);
        thread::sleep(510 * MS);
        fixture.network.delete_server("server");
        let (at, reply) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_about(at, Duration::from_micros(600_600));
    });
}

fn fails(body: impl FnOnce(&Fixture) + Send + 'static) -> String {
    run(Options::new(1), body).result.expect_err("the run must fail").message
}

#[test]
fn invalid_arguments_panic() {
    for probability in [-0.1, 1.1, f64::NAN] {
        let message = fails(move |fixture| fixture.network.set_duplicates(probability, MS..=MS));
        assert!(message.contains("is no probability"), "{message}");
    }
    let message = fails(|fixture| fixture.network.set_duplicates(0.5, 2 * MS..=MS));
    assert_eq!(message, "no time is in the range 2ms..=1ms");
    let message = fails(|fixture| {
        fixture.end("end");
        fixture.network.set_slow_link("end", Some(2 * MS..=MS));
    });
    assert_eq!(message, "no time is in the range 2ms..=1ms");
    let unknown = r#"there is no end point called "unknown""#;
    assert_eq!(fails(|fixture| fixture.network.set_slow_link("unknown", None)), unknown);
    assert_eq!(fails(|fixture| fixture.network.cut_requests("unknown", true)), unknown);
    assert_eq!(fails(|fixture| fixture.network.cut_replies("unknown", true)), unknown);
    let unknown = r#"there is no server called "unknown""#;
    assert_eq!(fails(|fixture| fixture.network.pause_server("unknown")), unknown);
    assert_eq!(fails(|fixture| fixture.network.resume_server("unknown")), unknown);
}

/// Many calls at a time with all faults on: the fingerprint, the replies and the log.
fn all_faults(seed: u64, record: bool) -> (u64, Vec<Option<u64>>, Vec<String>) {
    let mut options = Options::new(seed);
    options.record = record;
    let run = run(options, move |fixture| {
        let Fixture { network, .. } = fixture;
        network.set_reliable(false);
        network.set_duplicates(0.5, milliseconds(0..=40));
        let calls: Vec<_> = (0..40)
            .map(|number| {
                let name = format!("end {number}");
                let end = fixture.end(&name);
                match number % 4 {
                    0 => network.cut_requests(&name, true),
                    1 => network.cut_replies(&name, true),
                    2 => network.set_slow_link(&name, Some(milliseconds(0..=40))),
                    _ => {}
                }
                call_slow(fixture, &end, number)
            })
            .collect();
        thread::sleep(20 * MS);
        network.pause_server("server");
        thread::sleep(200 * MS);
        network.resume_server("server");
        let replies = calls.into_iter().map(|call| call.join().unwrap().1).collect();
        thread::sleep(200 * MS);
        replies
    });
    let lines = run.log.into_iter().filter(|line| line.target == "labrpc").map(|line| line.text);
    (run.fingerprint, run.result.unwrap(), lines.collect())
}

#[test]
fn with_all_faults_the_same_seed_is_the_same_run() {
    let mut fingerprints = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let (fingerprint, replies, _) = all_faults(seed, false);
        for record in [false, true] {
            let again = all_faults(seed, record);
            assert_eq!((fingerprint, &replies), (again.0, &again.1), "seed {seed}, recorded: {record}");
        }
        fingerprints.insert(fingerprint);
    }
    assert_eq!(fingerprints.len(), 20);
}

#[test]
fn the_log_of_a_recorded_run_has_the_injected_faults() {
    let (.., lines) = all_faults(1, true);
    for what in [
        "server unreachable",
        "duplicate request arrives in",
        ": duplicate request",
        "the link is cut",
        "bytes) arrives in",
    ] {
        assert!(lines.iter().any(|line| line.contains(what)), "no line says {what:?}: {lines:#?}");
    }
}

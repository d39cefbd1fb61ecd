//! Injected faults: duplicated requests, one-way cuts, slow links and paused servers.

mod junk;
mod punctual;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use junk::JunkServer;
use labrpc::{ClientEnd, Network, Server, Service};
use labrt::thread::{self, JoinHandle};
use labrt::time::Instant;
use labrt::world::{Backend, Options, Run, World, simulate};
use punctual::on_time;

const MS: Duration = Duration::from_millis(1);

/// A network with one server, `server`, and end points that lead to it.
struct Scene {
    world: World,
    network: Network,
    junk: Arc<JunkServer>,
}

impl Scene {
    fn new(world: &World) -> Self {
        let scene = Self {
            world: world.clone(),
            network: Network::new(world),
            junk: Arc::new(JunkServer::default()),
        };
        let mut server = Server::new(&world.node("server"));
        server.add_service(scene.junk.service());
        server.add_service(Service::new("Slow").method("sleep", |milliseconds: u64| {
            thread::sleep(Duration::from_millis(milliseconds));
            milliseconds
        }));
        scene.network.add_server("server", server);
        scene
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

    /// What a virtual clock that charges for every step makes of a time. Real time may always be longer.
    #[track_caller]
    fn assert_about(&self, seen: Duration, expected: Duration) {
        let late = seen >= expected + MS && self.world.backend() == Backend::Simulation;
        assert!(seen >= expected && !late, "{seen:?} instead of {expected:?}");
    }
}

fn run<T: Send + 'static>(options: Options, body: impl FnOnce(&Scene) -> T + Send + 'static) -> Run<T> {
    simulate(options, move |world| body(&Scene::new(world)))
}

fn passes<T: Send + 'static>(seed: u64, body: impl FnOnce(&Scene) -> T + Send + 'static) -> T {
    run(Options::new(seed), body).result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"))
}

/// Once in simulation and once on real threads.
fn passes_everywhere(body: impl Fn(&Scene) + Copy + Send + 'static) {
    passes(1, body);
    on_time(|| {
        let options = Options {
            backend: Backend::Threads,
            max_virtual_time: Duration::from_secs(60),
            ..Options::new(1)
        };
        run(options, body)
    });
}

/// Calls the handler that notes its argument. How long it took, and whether there was a reply.
fn note(end: &ClientEnd, number: i64) -> (Duration, bool) {
    let start = Instant::now();
    let reply: Option<String> = end.call("JunkServer.handler2", &number);
    if let Some(reply) = &reply {
        assert_eq!(*reply, format!("handler2-{number}"));
    }
    (start.elapsed(), reply.is_some())
}

/// A call of a handler that takes so long, in a thread of its own; its outcome, and when it was known.
fn call_slow(scene: &Scene, end: &ClientEnd, milliseconds: u64) -> JoinHandle<(Duration, Option<u64>)> {
    let (end, world) = (end.clone(), scene.world.clone());
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
    passes(7, move |scene| {
        let end = scene.end("end");
        scene.network.set_reliable(false);
        scene.network.set_long_reordering(true);
        prepare(&scene.network);
        let call = |number| {
            let (took, answered) = note(&end, number);
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
            assert!(!note(&other, -1).1);
        })
    );
}

/// A kind of fault draws the same whether or not another kind is on.
#[test]
fn kinds_of_faults_draw_independently() {
    let slowness = |duplicates| {
        passes(3, move |scene| {
            let end = scene.end("end");
            scene.network.set_slow_link("end", Some(milliseconds(1..=1000)));
            scene.network.set_duplicates(duplicates, milliseconds(1..=2));
            (0..50).map(|number| note(&end, number).0.as_millis()).collect::<Vec<_>>()
        })
    };
    assert_eq!(slowness(0.0), slowness(0.5));
}

#[test]
fn a_duplicated_request_is_handled_twice_and_answered_once() {
    for reliable in [true, false] {
        let (calls, answered, handled, counts) = passes(1, move |scene| {
            let end = scene.end("end");
            scene.network.set_reliable(reliable);
            scene.network.set_duplicates(1.0, milliseconds(10..=20));
            let answered = (0..300).filter(|number| note(&end, *number).1).count();
            thread::sleep(21 * MS);
            (scene.network.total_count(), answered, scene.junk.log2_len(), scene.network.count("server"))
        });
        assert_eq!(calls, 300, "the totals count the call once");
        assert_eq!(handled as u64, counts, "the server counts what it handles");
        assert_eq!(handled % 2, 0);
        if reliable {
            assert_eq!((answered, handled), (300, 600));
        } else {
            assert!((480..600).contains(&handled), "{handled} arrivals: what is lost has no copy");
            assert!(answered < handled / 2, "the replies to copies make up for none that is lost");
        }
    }
}

#[test]
fn a_copy_costs_its_caller_nothing_and_no_bytes() {
    let bytes = |probability| {
        passes(1, move |scene| {
            let end = scene.end("end");
            scene.network.set_duplicates(probability, milliseconds(10..=20));
            assert!((0..20).all(|number| note(&end, number).1));
            let took = scene.now();
            thread::sleep(30 * MS);
            (scene.network.total_bytes(), took < 3 * MS)
        })
    };
    assert_eq!(bytes(1.0), bytes(0.0));
    assert!(bytes(1.0).1);
}

#[test]
fn copies_are_as_frequent_and_as_late_as_they_are_set() {
    let (handled, mut gaps) = passes(5, move |scene| {
        let end = scene.end("end");
        scene.network.set_duplicates(0.25, milliseconds(100..=300));
        let mut gaps = Vec::new();
        for number in 0..1000 {
            let before = scene.junk.log2_len();
            assert!(note(&end, number).1);
            let sent = scene.now();
            while scene.now() < sent + 301 * MS {
                thread::sleep(5 * MS);
                if scene.junk.log2_len() == before + 2 {
                    gaps.push((scene.now() - sent).as_millis());
                    break;
                }
            }
        }
        (scene.junk.log2_len(), gaps)
    });
    assert!((1185..1315).contains(&handled), "{handled} arrivals of 1000 calls, a quarter of them twice");
    gaps.sort_unstable();
    assert_eq!(gaps.len(), handled - 1000);
    assert!((100..115).contains(&gaps[0]), "{gaps:?}");
    assert!((290..=306).contains(&gaps[gaps.len() - 1]), "{gaps:?}");
}

/// The copy of a request, too, dies with the server that it was sent to.
#[test]
fn a_copy_for_a_server_that_is_dead_arrives_nowhere() {
    passes_everywhere(|scene| {
        let node = scene.world.node("victim");
        let mut server = Server::new(&node);
        server.add_service(Arc::clone(&scene.junk).service());
        scene.network.add_server("server", server);
        let end = scene.end("end");
        scene.network.set_duplicates(1.0, milliseconds(10..=10));
        assert!(note(&end, 1).1);
        node.kill();
        thread::sleep(20 * MS);
        assert_eq!((scene.junk.log2_len(), scene.network.count("server")), (1, 1));
    });
}

#[test]
fn the_handler_that_returns_first_answers() {
    passes_everywhere(|scene| {
        let mut server = Server::new(&scene.world.node("server"));
        let first = labrt::sync::atomic::AtomicBool::new(true);
        server.add_service(Service::new("Odd").method("ask", move |(): ()| {
            let first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
            thread::sleep(if first { 500 * MS } else { 50 * MS });
            first
        }));
        scene.network.add_server("odd", server);
        let end = scene.network.make_end("odd end");
        scene.network.connect("odd end", "odd");
        scene.network.enable("odd end", true);
        scene.network.set_duplicates(1.0, milliseconds(10..=10));
        assert_eq!(end.call::<(), bool>("Odd.ask", &()), Some(false));
        scene.assert_about(scene.now(), 60 * MS);
        thread::sleep(Duration::from_secs(1));
    });
}

#[test]
fn a_cut_on_the_way_there_keeps_requests_from_arriving() {
    for (long, bound) in [(false, 100), (true, 7000)] {
        passes(1, move |scene| {
            let (end, other) = (scene.end("end"), scene.end("other"));
            scene.network.set_long_delays(long);
            scene.network.cut_requests("end", true);
            let took: Vec<_> = (0..200).map(|number| note(&end, number)).collect();
            assert!(took.iter().all(|(took, answered)| !answered && took.as_millis() < bound), "{took:?}");
            let longest = took.iter().map(|(took, _)| took.as_millis()).max().unwrap();
            assert!(
                longest > bound * 9 / 10,
                "callers learn as of a server that cannot be reached: {longest}"
            );
            assert_eq!(scene.junk.log2_len(), 0);
            assert!(note(&other, 1).1, "the cut is of one end point");
            scene.network.cut_requests("end", false);
            assert!(note(&end, 2).1, "the cut is healed");
        });
    }
}

/// What had set out before the cut arrives, and its reply comes back.
#[test]
fn a_cut_on_the_way_there_lets_replies_through() {
    passes_everywhere(|scene| {
        let end = scene.end("end");
        let call = call_slow(scene, &end, 350);
        thread::sleep(10 * MS);
        scene.network.cut_requests("end", true);
        let (at, reply) = call.join().unwrap();
        assert_eq!(reply, Some(350));
        scene.assert_about(at, 350 * MS);
    });
}

#[test]
fn a_cut_on_the_way_back_loses_replies() {
    passes_everywhere(|scene| {
        let (end, other) = (scene.end("end"), scene.end("other"));
        scene.network.cut_replies("end", true);
        let (took, answered) = note(&end, 1);
        assert!(!answered);
        scene.assert_about(took, Duration::from_micros(100_100));
        assert_eq!(scene.junk.log2_len(), 1, "the request arrives and is handled");

        // A handler that takes longer than a poll: its caller is told at the next one.
        let start = scene.now();
        let (at, reply) = call_slow(scene, &end, 250).join().unwrap();
        assert_eq!(reply, None);
        scene.assert_about(at - start, Duration::from_micros(300_300));

        assert!(note(&other, 2).1, "the cut is of one end point");
        scene.network.cut_replies("end", false);
        assert!(note(&end, 3).1, "the cut is healed");
    });
}

/// What counts is whether the way is cut when the reply sets out.
#[test]
fn a_reply_that_sets_out_when_the_cut_is_healed_gets_through() {
    passes_everywhere(|scene| {
        let end = scene.end("end");
        scene.network.cut_replies("end", true);
        let call = call_slow(scene, &end, 350);
        thread::sleep(200 * MS);
        scene.network.cut_replies("end", false);
        assert_eq!(call.join().unwrap().1, Some(350));

        // But one that is lost stays lost.
        let start = scene.now();
        scene.network.cut_replies("end", true);
        let call = call_slow(scene, &end, 10);
        thread::sleep(20 * MS);
        scene.network.cut_replies("end", false);
        let (at, reply) = call.join().unwrap();
        assert_eq!(reply, None);
        scene.assert_about(at - start, Duration::from_micros(100_100));
    });
}

#[test]
fn a_slow_link_delays_both_ways() {
    passes_everywhere(|scene| {
        let (end, other) = (scene.end("end"), scene.end("other"));
        scene.network.set_slow_link("end", Some(30 * MS..=30 * MS));
        let call = {
            let end = end.clone();
            thread::spawn(move || note(&end, 1))
        };
        thread::sleep(29 * MS);
        assert_eq!(scene.junk.log2_len(), 0);
        thread::sleep(2 * MS);
        assert_eq!(scene.junk.log2_len(), 1);
        let (took, answered) = call.join().unwrap();
        assert!(answered);
        scene.assert_about(took, 60 * MS);

        let (took, answered) = note(&other, 2);
        assert!(answered && took < MS, "the slowness is of one end point");
        scene.network.set_slow_link("end", None);
        let (took, answered) = note(&end, 3);
        assert!(answered && took < MS, "the link is as good as any");
    });
}

#[test]
fn a_slow_link_takes_any_time_of_its_range() {
    let took = passes(2, move |scene| {
        let end = scene.end("end");
        scene.network.set_slow_link("end", Some(milliseconds(100..=200)));
        (0..2000).map(|number| note(&end, number).0.as_micros()).collect::<Vec<_>>()
    });
    let mean = took.iter().sum::<u128>() / 2000;
    assert!((298_000..302_000).contains(&mean), "two delays of 150 ms are {mean} microseconds");
    let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
    assert!((200_000..210_000).contains(least) && (390_000..400_100).contains(most), "{least} to {most}");
}

/// On an unreliable network a slow link adds to the delay that the fault model draws; what is lost is lost.
#[test]
fn a_slow_link_adds_to_the_drawn_delay() {
    let plain = outcomes(300, |_| {});
    let slow = outcomes(300, |network| {
        network.set_slow_link("end", Some(Duration::from_secs(5)..=Duration::from_secs(5)));
    });
    for ((plain, answered), slow) in plain.into_iter().zip(slow) {
        match slow {
            (took, true) => assert_eq!((took, answered), (plain + 10_000, true)),
            // Lost on the way there, or only on the way back.
            (took, false) => assert!(!answered && (took == plain || took == plain + 5000)),
        }
    }
}

#[test]
fn the_reply_to_a_slow_call_is_counted_when_it_is_there() {
    passes_everywhere(|scene| {
        let end = scene.end("end");
        scene.network.set_slow_link("end", Some(10 * MS..=10 * MS));
        let call = {
            let end = end.clone();
            thread::spawn(move || note(&end, 1))
        };
        thread::sleep(15 * MS);
        let before = scene.network.total_bytes();
        assert!(call.join().unwrap().1);
        assert!(scene.network.total_bytes() > before);
    });
}

#[test]
fn requests_wait_while_their_server_is_paused() {
    passes_everywhere(|scene| {
        let end = scene.end("end");
        let (early, wait) = (call_slow(scene, &end, 100), 1000 * MS);
        thread::sleep(50 * MS);
        scene.network.pause_server("server");
        let calls: Vec<_> = (0..10).map(|_| call_slow(scene, &end, 20)).collect();
        thread::sleep(wait);
        assert_eq!(scene.network.count("server"), 11, "they have arrived");
        assert!(!early.is_finished() && calls.iter().all(|call| !call.is_finished()));
        scene.network.resume_server("server");
        let resumed = scene.now();
        let (at, reply) = early.join().unwrap();
        assert_eq!(reply, Some(100));
        scene.assert_about(at, resumed); // it was due long ago
        for call in calls {
            let (at, reply) = call.join().unwrap();
            assert_eq!(reply, Some(20));
            scene.assert_about(at, resumed + 20 * MS);
        }
    });
}

#[test]
fn callers_of_a_paused_server_that_is_deleted_are_told() {
    passes_everywhere(|scene| {
        let end = scene.end("end");
        scene.network.pause_server("server");
        let call = call_slow(scene, &end, 20);
        thread::sleep(510 * MS);
        scene.network.delete_server("server");
        let (at, reply) = call.join().unwrap();
        assert_eq!(reply, None);
        scene.assert_about(at, Duration::from_micros(600_600));
    });
}

fn fails(body: impl FnOnce(&Scene) + Send + 'static) -> String {
    run(Options::new(1), body).result.expect_err("it panics").message
}

#[test]
fn what_makes_no_sense_is_refused() {
    for probability in [-0.1, 1.1, f64::NAN] {
        let message = fails(move |scene| scene.network.set_duplicates(probability, MS..=MS));
        assert!(message.contains("is no probability"), "{message}");
    }
    let message = fails(|scene| scene.network.set_duplicates(0.5, 2 * MS..=MS));
    assert_eq!(message, "no time is in the range 2ms..=1ms");
    let message = fails(|scene| {
        scene.end("end");
        scene.network.set_slow_link("end", Some(2 * MS..=MS));
    });
    assert_eq!(message, "no time is in the range 2ms..=1ms");
    let nobody = r#"there is no end point called "nobody""#;
    assert_eq!(fails(|scene| scene.network.set_slow_link("nobody", None)), nobody);
    assert_eq!(fails(|scene| scene.network.cut_requests("nobody", true)), nobody);
    assert_eq!(fails(|scene| scene.network.cut_replies("nobody", true)), nobody);
    let nobody = r#"there is no server called "nobody""#;
    assert_eq!(fails(|scene| scene.network.pause_server("nobody")), nobody);
    assert_eq!(fails(|scene| scene.network.resume_server("nobody")), nobody);
}

/// Many calls at a time with everything on, and what came of them.
fn everything(seed: u64, record: bool) -> (u64, Vec<Option<u64>>, Vec<String>) {
    let mut options = Options::new(seed);
    options.record = record;
    let run = run(options, move |scene| {
        let Scene { network, .. } = scene;
        network.set_reliable(false);
        network.set_duplicates(0.5, milliseconds(0..=40));
        let calls: Vec<_> = (0..40)
            .map(|number| {
                let name = format!("end {number}");
                let end = scene.end(&name);
                match number % 4 {
                    0 => network.cut_requests(&name, true),
                    1 => network.cut_replies(&name, true),
                    2 => network.set_slow_link(&name, Some(milliseconds(0..=40))),
                    _ => {}
                }
                call_slow(scene, &end, number)
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
fn with_everything_on_the_same_seed_is_the_same_run() {
    let mut fingerprints = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let (fingerprint, replies, _) = everything(seed, false);
        for record in [false, true] {
            let again = everything(seed, record);
            assert_eq!((fingerprint, &replies), (again.0, &again.1), "seed {seed}, recorded: {record}");
        }
        fingerprints.insert(fingerprint);
    }
    assert_eq!(fingerprints.len(), 20);
}

#[test]
fn the_log_of_a_recorded_run_has_the_injected_faults() {
    let (.., lines) = everything(1, true);
    for what in ["nobody there", "arrives again in", "the request again", "cut one way", "bytes) arrives in"]
    {
        assert!(lines.iter().any(|line| line.contains(what)), "no line says {what:?}: {lines:#?}");
    }
}

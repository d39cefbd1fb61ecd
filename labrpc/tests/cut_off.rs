//! What becomes of a call when one of its ends is cut off, killed, deleted or replaced on the way.

mod punctual;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use labrpc::{ClientEnd, Network, Server, Service};
use labrt::thread::{self, JoinHandle};
use labrt::time::Instant;
use labrt::world::{Backend, Node, Options, World, simulate};
use punctual::on_time;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A network with a server, `server`, whose handler takes as many milliseconds as it is told to, and an
/// enabled end point to it, `end`.
struct Setting {
    world: World,
    network: Network,
    end: ClientEnd,
    server: Node,
    finished: Arc<AtomicU64>,
}

impl Setting {
    fn new(world: &World) -> Self {
        let network = Network::new(world);
        let finished = Arc::default();
        let server = add_server(world, &network, &finished);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        Self { world: world.clone(), network, end, server, finished }
    }

    /// Calls the handler, on a thread, and measures how long that takes. When this returns, the call has
    /// begun.
    fn call(&self, handler_ms: u64) -> JoinHandle<(Option<u64>, Duration)> {
        let before = self.network.total_count();
        let end = self.end.clone();
        let call = thread::spawn(move || timed_call(&end, handler_ms));
        while self.network.total_count() == before {
            thread::yield_now();
        }
        call
    }

    /// The call ends so many milliseconds after it began, and what its two messages and its steps take. On
    /// real threads it may always be later.
    #[track_caller]
    fn assert_took(&self, took: Duration, milliseconds: f64) {
        let off = took.as_secs_f64() * 1000.0 - milliseconds;
        let late = off >= 0.11 && self.world.backend() == Backend::Simulation;
        assert!(off > -0.05 && !late, "the call took {took:?} instead of {milliseconds} ms");
    }

    /// How many handlers have returned.
    fn finished(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }
}

fn timed_call(end: &ClientEnd, handler_ms: u64) -> (Option<u64>, Duration) {
    let start = Instant::now();
    (end.call("Slow.wait", &handler_ms), start.elapsed())
}

fn add_server(world: &World, network: &Network, finished: &Arc<AtomicU64>) -> Node {
    let node = world.node("server");
    let mut server = Server::new(&node);
    let finished = Arc::clone(finished);
    server.add_service(Service::new("Slow").method("wait", move |milliseconds: u64| {
        thread::sleep(ms(milliseconds));
        finished.fetch_add(1, Ordering::Relaxed);
        milliseconds
    }));
    network.add_server("server", server);
    node
}

fn with_seed<T: Send + 'static>(seed: u64, test: impl FnOnce(&Setting) -> T + Send + 'static) -> T {
    let run = simulate(Options::new(seed), move |world| test(&Setting::new(world)));
    run.result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"))
}

/// Runs a test with ten seeds, and once on real threads.
fn test(body: impl Fn(&Setting) + Copy + Send + 'static) {
    for seed in 0..10 {
        with_seed(seed, body);
    }
    on_time(|| {
        let options = Options {
            backend: Backend::Threads,
            max_virtual_time: Duration::from_secs(60),
            ..Options::new(1)
        };
        simulate(options, move |world| body(&Setting::new(world)))
    });
}

#[test]
fn an_uncut_call_takes_as_long_as_its_handler() {
    test(|setting| {
        let (reply, took) = setting.call(250).join().unwrap();
        assert_eq!(reply, Some(250));
        setting.assert_took(took, 250.0);
    });
}

/// The caller is told at the next poll: 100.1 ms after another, from the call's beginning.
#[test]
fn a_disabled_end_gives_none_at_the_next_poll() {
    test(|setting| {
        let call = setting.call(1000);
        thread::sleep(ms(250));
        setting.network.enable("end", false);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 300.3);
        // The handler goes on, and nobody hears of it.
        thread::sleep(ms(1000));
        assert_eq!(setting.finished(), 1);
        assert_eq!(setting.network.count("server"), 1);
    });
}

#[test]
fn a_deleted_end_gives_none_at_the_next_poll() {
    test(|setting| {
        let call = setting.call(1000);
        thread::sleep(ms(50));
        setting.network.delete_end("end");
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 100.1);
        // The name is free again, and the old end point stays dead.
        let _other = setting.network.make_end("end");
        setting.network.connect("end", "server");
        setting.network.enable("end", true);
        assert_eq!(setting.end.call::<u64, u64>("Slow.wait", &0), None);
    });
}

#[test]
fn a_deleted_server_gives_none_at_the_next_poll() {
    test(|setting| {
        let call = setting.call(1000);
        thread::sleep(ms(150));
        setting.network.delete_server("server");
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 200.2);
    });
}

/// A reply must not come from an earlier incarnation of the server, though its name is in use again.
#[test]
fn a_replaced_server_gives_none_at_the_next_poll() {
    test(|setting| {
        let call = setting.call(1000);
        thread::sleep(ms(150));
        add_server(&setting.world, &setting.network, &setting.finished);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 200.2);
        assert_eq!(setting.network.count("server"), 0);
    });
}

/// Only the moments of the polls count.
#[test]
fn an_end_that_is_enabled_again_between_two_polls_is_not_dead() {
    test(|setting| {
        let call = setting.call(350);
        thread::sleep(ms(110));
        setting.network.enable("end", false);
        thread::sleep(ms(80));
        setting.network.enable("end", true);
        thread::sleep(ms(20));
        // Once more, after the poll at 200.2 ms.
        setting.network.enable("end", false);
        thread::sleep(ms(80));
        setting.network.enable("end", true);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, Some(350));
        setting.assert_took(took, 350.0);
    });
}

/// An end that was alive at one poll may be dead at a later one.
#[test]
fn an_end_that_is_disabled_again_gives_none_at_a_later_poll() {
    test(|setting| {
        let call = setting.call(1000);
        thread::sleep(ms(110));
        setting.network.enable("end", false);
        thread::sleep(ms(80));
        setting.network.enable("end", true);
        thread::sleep(ms(60));
        setting.network.enable("end", false);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 300.3);
    });
}

/// Besides the polls, the moment of the reply counts.
#[test]
fn a_reply_that_finds_its_end_disabled_is_thrown_away() {
    test(|setting| {
        let call = setting.call(250);
        thread::sleep(ms(230));
        setting.network.enable("end", false);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 250.0);
        assert_eq!(setting.finished(), 1);
    });
}

#[test]
fn a_killed_servers_handler_answers_nobody() {
    test(|setting| {
        let call = setting.call(1000);
        thread::sleep(ms(150));
        setting.network.delete_server("server");
        setting.server.kill();
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 200.2);
        thread::sleep(ms(2000));
        assert_eq!(setting.finished(), 0, "the handler died");
    });
}

/// A server that is killed but keeps its name answers nobody either: not those who wait, nor those who call.
#[test]
fn a_killed_server_that_keeps_its_name_answers_nobody() {
    test(|setting| {
        let call = setting.call(1000);
        thread::sleep(ms(150));
        setting.server.kill();
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 200.2);

        let (reply, took) = setting.call(0).join().unwrap();
        assert_eq!(reply, None);
        setting.assert_took(took, 100.1);
        assert_eq!(setting.finished(), 0);
    });
}

/// A message that is on its way arrives, whatever happens to its sender.
#[test]
fn a_request_of_a_killed_caller_arrives() {
    let arrived = (0..50).filter(|seed| {
        with_seed(*seed, |setting| {
            setting.network.set_reliable(false);
            let client = setting.world.node("client");
            let (end, went_on) = (setting.end.clone(), Arc::new(AtomicU64::new(0)));
            let goes_on = Arc::clone(&went_on);
            client.run("caller", move || {
                let _: Option<u64> = end.call("Slow.wait", &0u64);
                goes_on.store(1, Ordering::Relaxed);
            });
            while setting.network.total_count() == 0 {
                thread::yield_now();
            }
            client.kill();
            let killed_in_time = went_on.load(Ordering::Relaxed) == 0 && setting.network.count("server") == 0;
            thread::sleep(ms(27));
            if killed_in_time {
                assert_eq!(went_on.load(Ordering::Relaxed), 0, "the caller is dead");
            }
            killed_in_time && setting.finished() == 1
        })
    });
    let arrived = arrived.count();
    assert!((35..50).contains(&arrived), "{arrived} of 50 requests arrived after their caller was killed");
}

/// A caller that is killed while it waits is not woken, and the handler's reply goes nowhere.
#[test]
fn a_killed_caller_gets_no_reply() {
    test(|setting| {
        let client = setting.world.node("client");
        let end = setting.end.clone();
        client.run("caller", move || {
            let reply = end.call::<u64, u64>("Slow.wait", &100);
            panic!("a killed caller went on, with {reply:?}");
        });
        thread::sleep(ms(50));
        client.kill();
        thread::sleep(ms(100));
        assert_eq!(setting.finished(), 1);
    });
}

/// A dying thread's destructors may call, and are not held up; but nothing leaves a server that has crashed.
#[test]
fn a_call_of_a_dying_thread_returns_at_once_and_sends_nothing() {
    struct CallsWhenDropped(ClientEnd, Arc<AtomicU64>);
    impl Drop for CallsWhenDropped {
        fn drop(&mut self) {
            assert_eq!(self.0.call::<u64, u64>("Slow.wait", &500), None);
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    test(|setting| {
        let client = setting.world.node("client");
        let (end, dropped) = (setting.end.clone(), Arc::new(AtomicU64::new(0)));
        let calls = CallsWhenDropped(end, Arc::clone(&dropped));
        client.run("caller", move || {
            let _calls = calls;
            thread::sleep(Duration::from_secs(1000));
        });
        thread::sleep(ms(10));
        let before = setting.world.now();
        client.kill();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        assert_eq!(setting.network.total_count(), 0);
        // Not the half second that the handler takes.
        assert!(setting.world.now() - before < ms(400));
    });
}

/// A request that was sent before its server was deleted is served by that server, and not answered.
#[test]
fn a_request_on_its_way_to_a_deleted_server_is_served_and_not_answered() {
    let (mut served, mut longest) = (0, Duration::ZERO);
    for seed in 0..50 {
        let (served_here, took) = with_seed(seed, |setting| {
            setting.network.set_reliable(false);
            let quick = setting.call(0);
            let slow = setting.call(500);
            setting.network.delete_server("server");
            let served_before = setting.finished();
            let (reply, took) = quick.join().unwrap();
            if served_before == 0 {
                assert_eq!(reply, None);
            }
            assert!(took < ms(27), "the reply is thrown away when it is there, after {took:?}");
            let (reply, took) = slow.join().unwrap();
            assert_eq!(reply, None);
            // Lost on the way, or told at the first poll after its arrival.
            assert!(took < ms(27) || (ms(100)..ms(127)).contains(&took), "{took:?}");
            thread::sleep(ms(600));
            (setting.finished(), took)
        });
        served += served_here;
        longest = longest.max(took);
    }
    assert!(longest > ms(115), "polls are counted from the arrival, not from the beginning: {longest:?}");
    assert!((75..100).contains(&served), "{served} of 100 requests were served");
}

/// The same, when the server's node is dead by then: nothing runs, and nobody waits for ever.
#[test]
fn a_request_on_its_way_to_a_killed_server_is_not_served() {
    for seed in 0..50 {
        with_seed(seed, |setting| {
            setting.network.set_reliable(false);
            let call = setting.call(0);
            if setting.finished() > 0 {
                return; // It took no time on its way.
            }
            setting.network.delete_server("server");
            setting.server.kill();
            let (reply, took) = call.join().unwrap();
            assert_eq!(reply, None);
            assert!(took < ms(27) || (ms(100)..ms(127)).contains(&took), "{took:?}");
            assert_eq!(setting.finished(), 0);
        });
    }
}

/// A late reply was sent in time: it arrives although the server is gone.
#[test]
fn a_late_reply_arrives_from_a_deleted_server() {
    let mut late = 0;
    for seed in 0..20 {
        late += with_seed(seed, |setting| {
            setting.network.set_long_reordering(true);
            let call = setting.call(0);
            thread::sleep(ms(50));
            let bytes = setting.network.total_bytes();
            setting.network.delete_server("server");
            setting.network.enable("end", false);
            let (reply, took) = call.join().unwrap();
            assert_eq!(reply, Some(0));
            if took < ms(1) {
                return 0;
            }
            assert!(took >= ms(200));
            assert_eq!(setting.network.total_bytes(), bytes + 1, "a late reply counts when it arrives");
            1
        });
    }
    assert!((8..20).contains(&late), "{late} of 20 replies were late");
}

/// What the counters count, in every case.
#[test]
fn counts() {
    test(|setting| {
        let Setting { network, .. } = setting;
        let counts = || (network.total_count(), network.total_bytes(), network.count("server"));
        assert_eq!(counts(), (0, 0, 0));
        // One byte each way.
        assert_eq!(setting.call(7).join().unwrap().0, Some(7));
        assert_eq!(counts(), (1, 2, 1));
        // Three bytes each way, and the way back is cut.
        let call = setting.call(300);
        thread::sleep(ms(1));
        assert_eq!(counts(), (2, 5, 2));
        network.enable("end", false);
        assert_eq!(call.join().unwrap().0, None);
        assert_eq!(counts(), (2, 5, 2));
        // To nobody.
        assert_eq!(setting.call(7).join().unwrap().0, None);
        assert_eq!(counts(), (3, 6, 2));
    });
}

/// On an unreliable network the bytes of a lost request count, and those of a lost reply do not.
#[test]
fn counts_of_lost_messages() {
    test(|setting| {
        let Setting { network, end, .. } = setting;
        network.set_reliable(false);
        let answered = (0..1000).filter(|_| end.call::<u64, u64>("Slow.wait", &0).is_some()).count() as u64;
        assert_eq!(network.total_count(), 1000);
        assert_eq!(network.total_bytes(), 1000 + answered);
        assert_eq!(network.count("server"), setting.finished());
        assert!(answered < network.count("server") && network.count("server") < 1000);
    });
}

#[test]
fn after_cleanup_calls_fail_at_once_and_those_under_way_go_on() {
    test(|setting| {
        let call = setting.call(100);
        setting.network.cleanup();
        let (reply, took) = timed_call(&setting.end, 0);
        assert_eq!(reply, None);
        setting.assert_took(took, 0.0);
        assert_eq!(setting.network.total_count(), 1);
        assert_eq!(call.join().unwrap().0, Some(100));
    });
}

#[test]
fn without_its_network_an_end_point_reaches_nobody() {
    let run = simulate(Options::new(1), |world| {
        let end = Setting::new(world).end;
        end.call::<u64, u64>("Slow.wait", &0)
    });
    assert_eq!(run.result.unwrap(), None);
}

/// A server that holds end points to itself, as a Raft peer does, is not kept alive by them.
#[test]
fn a_network_lets_go_of_its_servers() {
    struct Peer {
        _ends: Vec<ClientEnd>,
    }
    for cleanup in [false, true] {
        let run = simulate(Options::new(1), move |world| {
            let network = Network::new(world);
            let peer = Arc::new(Peer { _ends: vec![network.make_end("self")] });
            let watched: Weak<Peer> = Arc::downgrade(&peer);
            let mut server = Server::new(&world.node("server"));
            server.add_service(Service::new("Peer").method("ping", move |_: u64| peer._ends.len()));
            network.add_server("server", server);
            if cleanup {
                network.cleanup();
            }
            watched
        });
        assert!(run.result.unwrap().upgrade().is_none());
    }
}

//! Calls in flight whose caller or server is cut off, killed, deleted or replaced.

mod real_threads;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use labrpc::{ClientEnd, Network, Server, Service};
use labrt::thread::{self, JoinHandle};
use labrt::time::Instant;
use labrt::world::{Backend, Node, Options, World, simulate};
use real_threads::retry_while_late;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A network with a server, `server`, whose handler sleeps for the given number of milliseconds, and an
/// enabled end point to it, `end`.
struct Fixture {
    world: World,
    network: Network,
    end: ClientEnd,
    server: Node,
    finished: Arc<AtomicU64>,
}

impl Fixture {
    fn new(world: &World) -> Self {
        let network = Network::new(world);
        let finished = Arc::default();
        let server = add_server(world, &network, &finished);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        Self { world: world.clone(), network, end, server, finished }
    }

    /// Calls the handler on another thread and measures the duration. The call has begun when this returns.
    fn call(&self, handler_ms: u64) -> JoinHandle<(Option<u64>, Duration)> {
        let before = self.network.total_count();
        let end = self.end.clone();
        let call = thread::spawn(move || timed_call(&end, handler_ms));
        while self.network.total_count() == before {
            thread::yield_now();
        }
        call
    }

    /// Checks the duration of a call, up to the delays of its two messages and the cost of its steps. On real
    /// threads it may always be longer.
    #[track_caller]
    fn assert_took(&self, took: Duration, milliseconds: f64) {
        let off = took.as_secs_f64() * 1000.0 - milliseconds;
        let late = off >= 0.11 && self.world.backend() == Backend::Simulation;
        assert!(off > -0.05 && !late, "the call took {took:?} instead of {milliseconds} ms");
    }

    /// The number of handlers that have returned.
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

fn run_seed<T: Send + 'static>(seed: u64, test: impl FnOnce(&Fixture) -> T + Send + 'static) -> T {
    let run = simulate(Options::new(seed), move |world| test(&Fixture::new(world)));
    run.result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"))
}

/// Runs a test with ten seeds, and once on real threads.
fn test(body: impl Fn(&Fixture) + Copy + Send + 'static) {
    for seed in 0..10 {
        run_seed(seed, body);
    }
    retry_while_late(|| {
        let options = Options {
            backend: Backend::Threads,
            max_virtual_time: Duration::from_secs(60),
            ..Options::new(1)
        };
        simulate(options, move |world| body(&Fixture::new(world)))
    });
}

#[test]
fn an_uncut_call_takes_as_long_as_its_handler() {
    test(|fixture| {
        let (reply, took) = fixture.call(250).join().unwrap();
        assert_eq!(reply, Some(250));
        fixture.assert_took(took, 250.0);
    });
}

/// The caller gets `None` at the next poll. Polls are 100.1 ms apart, from the beginning of the call.
#[test]
fn a_disabled_end_gives_none_at_the_next_poll() {
    test(|fixture| {
        let call = fixture.call(1000);
        thread::sleep(ms(250));
        fixture.network.enable("end", false);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 300.3);
        // The handler goes on, and its reply is discarded.
        thread::sleep(ms(1000));
        assert_eq!(fixture.finished(), 1);
        assert_eq!(fixture.network.count("server"), 1);
    });
}

#[test]
fn a_deleted_end_gives_none_at_the_next_poll() {
    test(|fixture| {
        let call = fixture.call(1000);
        thread::sleep(ms(50));
        fixture.network.delete_end("end");
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 100.1);
        // The name can be used again, and the old end point stays disabled.
        let _other = fixture.network.make_end("end");
        fixture.network.connect("end", "server");
        fixture.network.enable("end", true);
        assert_eq!(fixture.end.call::<u64, u64>("Slow.wait", &0), None);
    });
}

#[test]
fn a_deleted_server_gives_none_at_the_next_poll() {
    test(|fixture| {
        let call = fixture.call(1000);
        thread::sleep(ms(150));
        fixture.network.delete_server("server");
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 200.2);
    });
}

/// A reply must not come from an earlier incarnation of the server, though its name is in use again.
#[test]
fn a_replaced_server_gives_none_at_the_next_poll() {
    test(|fixture| {
        let call = fixture.call(1000);
        thread::sleep(ms(150));
        add_server(&fixture.world, &fixture.network, &fixture.finished);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 200.2);
        assert_eq!(fixture.network.count("server"), 0);
    });
}

/// A cut between two polls has no effect.
#[test]
fn an_end_that_is_enabled_again_between_two_polls_is_not_cut_off() {
    test(|fixture| {
        let call = fixture.call(350);
        thread::sleep(ms(110));
        fixture.network.enable("end", false);
        thread::sleep(ms(80));
        fixture.network.enable("end", true);
        thread::sleep(ms(20));
        // Once more, after the poll at 200.2 ms.
        fixture.network.enable("end", false);
        thread::sleep(ms(80));
        fixture.network.enable("end", true);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, Some(350));
        fixture.assert_took(took, 350.0);
    });
}

/// An end that was enabled at one poll may be disabled at a later one.
#[test]
fn an_end_that_is_disabled_again_gives_none_at_a_later_poll() {
    test(|fixture| {
        let call = fixture.call(1000);
        thread::sleep(ms(110));
        fixture.network.enable("end", false);
        thread::sleep(ms(80));
        fixture.network.enable("end", true);
        thread::sleep(ms(60));
        fixture.network.enable("end", false);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 300.3);
    });
}

/// A cut is also decisive at the time of the reply.
#[test]
fn a_reply_to_a_disabled_end_is_discarded() {
    test(|fixture| {
        let call = fixture.call(250);
        thread::sleep(ms(230));
        fixture.network.enable("end", false);
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 250.0);
        assert_eq!(fixture.finished(), 1);
    });
}

#[test]
fn the_handler_of_a_killed_server_does_not_reply() {
    test(|fixture| {
        let call = fixture.call(1000);
        thread::sleep(ms(150));
        fixture.network.delete_server("server");
        fixture.server.kill();
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 200.2);
        thread::sleep(ms(2000));
        assert_eq!(fixture.finished(), 0, "the handler was killed");
    });
}

/// A killed server that keeps its name answers neither the calls in flight nor later ones.
#[test]
fn a_killed_server_that_keeps_its_name_does_not_reply() {
    test(|fixture| {
        let call = fixture.call(1000);
        thread::sleep(ms(150));
        fixture.server.kill();
        let (reply, took) = call.join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 200.2);

        let (reply, took) = fixture.call(0).join().unwrap();
        assert_eq!(reply, None);
        fixture.assert_took(took, 100.1);
        assert_eq!(fixture.finished(), 0);
    });
}

/// A message in flight arrives even if its sender is killed.
#[test]
fn a_request_of_a_killed_caller_arrives() {
    let arrived = (0..50).filter(|seed| {
        run_seed(*seed, |fixture| {
            fixture.network.set_reliable(false);
            let client = fixture.world.node("client");
            let (end, resumed) = (fixture.end.clone(), Arc::new(AtomicU64::new(0)));
            let resumes = Arc::clone(&resumed);
            client.run("caller", move || {
                let _: Option<u64> = end.call("Slow.wait", &0u64);
                resumes.store(1, Ordering::Relaxed);
            });
            while fixture.network.total_count() == 0 {
                thread::yield_now();
            }
            client.kill();
            let killed_in_time = resumed.load(Ordering::Relaxed) == 0 && fixture.network.count("server") == 0;
            thread::sleep(ms(27));
            if killed_in_time {
                assert_eq!(resumed.load(Ordering::Relaxed), 0, "the caller was killed");
            }
            killed_in_time && fixture.finished() == 1
        })
    });
    let arrived = arrived.count();
    assert!((35..50).contains(&arrived), "{arrived} of 50 requests arrived after their caller was killed");
}

/// A caller that is killed while it waits does not resume, and the handler's reply is discarded.
#[test]
fn a_killed_caller_gets_no_reply() {
    test(|fixture| {
        let client = fixture.world.node("client");
        let end = fixture.end.clone();
        client.run("caller", move || {
            let reply = end.call::<u64, u64>("Slow.wait", &100);
            panic!("a killed caller resumed, with {reply:?}");
        });
        thread::sleep(ms(50));
        client.kill();
        thread::sleep(ms(100));
        assert_eq!(fixture.finished(), 1);
    });
}

/// Destructors on a thread that is being killed may call: the call returns at once and sends nothing.
#[test]
fn a_call_of_a_dying_thread_returns_at_once_and_sends_nothing() {
    struct CallsWhenDropped(ClientEnd, Arc<AtomicU64>);
    impl Drop for CallsWhenDropped {
        fn drop(&mut self) {
            assert_eq!(self.0.call::<u64, u64>("Slow.wait", &500), None);
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    test(|fixture| {
        let client = fixture.world.node("client");
        let (end, dropped) = (fixture.end.clone(), Arc::new(AtomicU64::new(0)));
        let calls = CallsWhenDropped(end, Arc::clone(&dropped));
        client.run("caller", move || {
            let _calls = calls;
            thread::sleep(Duration::from_secs(1000));
        });
        thread::sleep(ms(10));
        let before = fixture.world.now();
        client.kill();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        assert_eq!(fixture.network.total_count(), 0);
        // Not the half second that the handler takes.
        assert!(fixture.world.now() - before < ms(400));
    });
}

/// A request that was sent before its server was deleted is handled by that server, and gets no reply.
#[test]
fn a_request_in_flight_to_a_deleted_server_is_handled_and_gets_no_reply() {
    let (mut handled, mut longest) = (0, Duration::ZERO);
    for seed in 0..50 {
        let (handled_here, took) = run_seed(seed, |fixture| {
            fixture.network.set_reliable(false);
            let quick = fixture.call(0);
            let slow = fixture.call(500);
            fixture.network.delete_server("server");
            let handled_before = fixture.finished();
            let (reply, took) = quick.join().unwrap();
            if handled_before == 0 {
                assert_eq!(reply, None);
            }
            assert!(took < ms(27), "the reply is discarded when it arrives, after {took:?}");
            let (reply, took) = slow.join().unwrap();
            assert_eq!(reply, None);
            // The request was lost, or the call ended at the first poll after its arrival.
            assert!(took < ms(27) || (ms(100)..ms(127)).contains(&took), "{took:?}");
            thread::sleep(ms(600));
            (fixture.finished(), took)
        });
        handled += handled_here;
        longest = longest.max(took);
    }
    assert!(longest > ms(115), "polls are counted from the arrival, not from the beginning: {longest:?}");
    assert!((75..100).contains(&handled), "{handled} of 100 requests were handled");
}

/// The same with a killed server: no handler runs, and the caller does not wait for ever.
#[test]
fn a_request_in_flight_to_a_killed_server_is_not_handled() {
    for seed in 0..50 {
        run_seed(seed, |fixture| {
            fixture.network.set_reliable(false);
            let call = fixture.call(0);
            if fixture.finished() > 0 {
                return; // The request had no delay.
            }
            fixture.network.delete_server("server");
            fixture.server.kill();
            let (reply, took) = call.join().unwrap();
            assert_eq!(reply, None);
            assert!(took < ms(27) || (ms(100)..ms(127)).contains(&took), "{took:?}");
            assert_eq!(fixture.finished(), 0);
        });
    }
}

/// A late reply was sent before the server was deleted, so it arrives.
#[test]
fn a_late_reply_arrives_from_a_deleted_server() {
    let mut late = 0;
    for seed in 0..20 {
        late += run_seed(seed, |fixture| {
            fixture.network.set_long_reordering(true);
            let call = fixture.call(0);
            thread::sleep(ms(50));
            let bytes = fixture.network.total_bytes();
            fixture.network.delete_server("server");
            fixture.network.enable("end", false);
            let (reply, took) = call.join().unwrap();
            assert_eq!(reply, Some(0));
            if took < ms(1) {
                return 0;
            }
            assert!(took >= ms(200));
            assert_eq!(fixture.network.total_bytes(), bytes + 1, "a late reply counts when it arrives");
            1
        });
    }
    assert!((8..20).contains(&late), "{late} of 20 replies were late");
}

/// The counters after each kind of outcome.
#[test]
fn counts() {
    test(|fixture| {
        let Fixture { network, .. } = fixture;
        let counts = || (network.total_count(), network.total_bytes(), network.count("server"));
        assert_eq!(counts(), (0, 0, 0));
        // One byte each way.
        assert_eq!(fixture.call(7).join().unwrap().0, Some(7));
        assert_eq!(counts(), (1, 2, 1));
        // Three bytes each way, and the end is disabled before the reply.
        let call = fixture.call(300);
        thread::sleep(ms(1));
        assert_eq!(counts(), (2, 5, 2));
        network.enable("end", false);
        assert_eq!(call.join().unwrap().0, None);
        assert_eq!(counts(), (2, 5, 2));
        // To an unreachable server.
        assert_eq!(fixture.call(7).join().unwrap().0, None);
        assert_eq!(counts(), (3, 6, 2));
    });
}

/// On an unreliable network the bytes of a lost request count, and those of a lost reply do not.
#[test]
fn counts_of_lost_messages() {
    test(|fixture| {
        let Fixture { network, end, .. } = fixture;
        network.set_reliable(false);
        let answered = (0..1000).filter(|_| end.call::<u64, u64>("Slow.wait", &0).is_some()).count() as u64;
        assert_eq!(network.total_count(), 1000);
        assert_eq!(network.total_bytes(), 1000 + answered);
        assert_eq!(network.count("server"), fixture.finished());
        assert!(answered < network.count("server") && network.count("server") < 1000);
    });
}

#[test]
fn after_cleanup_new_calls_fail_at_once_and_calls_in_flight_go_on() {
    test(|fixture| {
        let call = fixture.call(100);
        fixture.network.cleanup();
        let (reply, took) = timed_call(&fixture.end, 0);
        assert_eq!(reply, None);
        fixture.assert_took(took, 0.0);
        assert_eq!(fixture.network.total_count(), 1);
        assert_eq!(call.join().unwrap().0, Some(100));
    });
}

#[test]
fn an_end_point_without_its_network_gets_no_reply() {
    let run = simulate(Options::new(1), |world| {
        let end = Fixture::new(world).end;
        end.call::<u64, u64>("Slow.wait", &0)
    });
    assert_eq!(run.result.unwrap(), None);
}

/// A server that holds end points to itself, as a Raft peer does, is not kept alive by them.
#[test]
fn a_network_drops_its_servers() {
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

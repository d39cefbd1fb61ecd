//! The network's probabilities and delays, measured from outside.
//!
//! The seeds are fixed, so nothing here fails by chance; the samples are so large and the bounds so narrow
//! (about five standard deviations) that a constant which is wrong by a tenth is seen.

use std::time::Duration;

use labrpc::{ClientEnd, Network, Server, Service};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::{Options, World, simulate};

/// Measures something on a network with one server, `server`, and one enabled end point, `end`.
fn measure<T: Send + 'static>(body: impl FnOnce(&World, &Network, ClientEnd) -> T + Send + 'static) -> T {
    let run = simulate(Options::new(6840), move |world| {
        let network = Network::new(world);
        let mut server = Server::new(&world.node("server"));
        server.add_service(Service::new("Echo").method("echo", |number: i64| number));
        network.add_server("server", server);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        body(world, &network, end)
    });
    run.result.unwrap_or_else(|failure| panic!("{failure:?}"))
}

/// The duration of each of so many concurrent calls in whole milliseconds, and whether it got a reply.
fn concurrently(end: &ClientEnd, calls: usize) -> Vec<(u64, bool)> {
    let threads: Vec<_> = (0..calls)
        .map(|_| {
            let end = end.clone();
            thread::spawn(move || timed_call(&end))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn timed_call(end: &ClientEnd) -> (u64, bool) {
    let start = Instant::now();
    let answered = end.call::<i64, i64>("Echo.echo", &1).is_some();
    (start.elapsed().as_millis() as u64, answered)
}

#[track_caller]
fn assert_near(what: &str, seen: f64, expected: f64, tolerance: f64) {
    assert!((seen - expected).abs() <= tolerance, "{what} is {seen}, and should be {expected} ± {tolerance}");
}

fn mean(samples: impl IntoIterator<Item = u64>) -> f64 {
    let (mut sum, mut count) = (0, 0u32);
    for sample in samples {
        sum += sample;
        count += 1;
    }
    sum as f64 / f64::from(count)
}

/// A tenth of the requests is lost and a tenth of the remaining replies; requests take 0 to 26 ms, each as
/// often as the others.
#[test]
fn unreliable() {
    const CALLS: u64 = 100_000;
    let (samples, ran) = measure(|_, network, end| {
        network.set_reliable(false);
        let samples: Vec<_> = (0..CALLS).map(|_| timed_call(&end)).collect();
        (samples, network.count("server"))
    });
    let share = |count: u64| count as f64 / CALLS as f64;
    let answered = samples.iter().filter(|(_, answered)| *answered).count() as u64;
    assert_near("the share of requests that arrive", share(ran), 0.9, 0.005);
    assert_near("the share of replies that get through", answered as f64 / ran as f64, 0.9, 0.005);
    assert_near("the share of calls that succeed", share(answered), 0.81, 0.006);

    let mut counts = [0u64; 27];
    for (delay, _) in &samples {
        counts[usize::try_from(*delay).unwrap()] += 1;
    }
    for (delay, count) in counts.into_iter().enumerate() {
        assert_near(&format!("the share of delays of {delay} ms"), share(count), 1.0 / 27.0, 0.003);
    }
    // Loss and delay are independent.
    let lost = samples.iter().filter(|(_, answered)| !answered).map(|(delay, _)| *delay);
    assert_near("the mean delay of failed calls in ms", mean(lost), 13.0, 0.3);
}

/// On a reliable network each of a call's two messages takes 5 to 50 µs, each time as often as the others,
/// and reading the clock and sending take well below a microsecond.
#[test]
fn reliable() {
    const CALLS: u64 = 20_000;
    let took = measure(|_, _, end| {
        let call = || {
            let start = Instant::now();
            assert!(end.call::<i64, i64>("Echo.echo", &1).is_some());
            start.elapsed().as_nanos() as u64
        };
        (0..CALLS).map(|_| call()).collect::<Vec<_>>()
    });
    let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
    assert!((10_000..11_500).contains(least), "the fastest call took {least} ns");
    assert!((98_500..101_000).contains(most), "the slowest call took {most} ns");
    assert_near("the mean of a call in ns", mean(took.iter().copied()), 55_000.0, 800.0);
    // The sum of two uniform times: one in eight lies in the lowest quarter of its range.
    let low = took.iter().filter(|took| **took < 32_500).count() as f64 / CALLS as f64;
    assert_near("the share of fast calls", low, 0.125, 0.012);
}

#[test]
fn no_call_is_lost_on_a_reliable_network() {
    let samples = measure(|_, _, end| concurrently(&end, 1000));
    assert!(samples.iter().all(|sample| *sample == (0, true)), "{samples:?}");
}

/// Calls to an unreachable server fail after 0 to 99 ms.
#[test]
fn unreachable() {
    let samples = measure(|_, network, end| {
        network.enable("end", false);
        (0..20).flat_map(|_| concurrently(&end, 1000)).collect::<Vec<_>>()
    });
    assert!(samples.iter().all(|(_, answered)| !answered));
    assert_uniform(samples.iter().map(|(delay, _)| *delay), 100);
}

/// With long delays, calls to an unreachable server fail after 0 to 6999 ms.
#[test]
fn unreachable_with_long_delays() {
    let samples = measure(|_, network, end| {
        network.set_long_delays(true);
        network.delete_server("server");
        (0..20).flat_map(|_| concurrently(&end, 1000)).collect::<Vec<_>>()
    });
    assert!(samples.iter().all(|(_, answered)| !answered));
    assert_uniform(samples.iter().map(|(delay, _)| *delay), 7000);
}

/// Tells a uniform draw below `bound` from one below a bound a hundredth off.
#[track_caller]
fn assert_uniform(samples: impl Iterator<Item = u64> + Clone, bound: u64) {
    let count = samples.clone().count() as f64;
    let (least, most) = (samples.clone().min().unwrap(), samples.clone().max().unwrap());
    assert!(least <= bound / 500, "the least is {least} ms");
    assert!((bound - 1 - bound / 500..bound).contains(&most), "the most is {most} ms, the bound {bound} ms");
    let spread = bound as f64 / 12f64.sqrt();
    assert_near(
        "the mean in ms",
        mean(samples.clone()),
        (bound - 1) as f64 / 2.0,
        5.0 * spread / count.sqrt(),
    );
    for quarter in 0..4 {
        let inside = samples.clone().filter(|sample| sample * 4 / bound == quarter).count() as f64;
        assert_near("the share of a quarter of the range", inside / count, 0.25, 0.016);
    }
}

/// With long reordering, two replies in three are late: by 200 to 2199 ms, the shorter the likelier. The
/// network may be reliable otherwise.
#[test]
fn long_reordering() {
    let samples = measure(|_, network, end| {
        network.set_long_reordering(true);
        (0..30).flat_map(|_| concurrently(&end, 1000)).collect::<Vec<_>>()
    });
    assert!(samples.iter().all(|(_, answered)| *answered));
    let late: Vec<u64> = samples.iter().map(|(delay, _)| *delay).filter(|delay| *delay > 0).collect();
    let share = |count: usize| count as f64 / late.len() as f64;
    assert_near("the share of late replies", late.len() as f64 / samples.len() as f64, 2.0 / 3.0, 0.014);

    let (least, most) = (late.iter().min().unwrap(), late.iter().max().unwrap());
    assert!((200..203).contains(least), "the least delay is {least} ms");
    assert!((2150..2200).contains(most), "the greatest delay is {most} ms");
    assert_near("the mean delay in ms", mean(late.iter().copied()), 200.0 + 499.75, 16.0);
    // The bound r is uniform below 2000 and the delay uniform up to r, so below a quarter of the range lie
    // 1/4 + 1/4 ln 4 of them.
    let short = late.iter().filter(|delay| **delay < 700).count();
    assert_near("the share of delays below 700 ms", share(short), 0.25 + 0.25 * 4f64.ln(), 0.018);
}

/// On an unreliable network with long reordering a reply is first lost or not, then late or not.
#[test]
fn long_reordering_and_unreliable() {
    let samples = measure(|_, network, end| {
        network.set_reliable(false);
        network.set_long_reordering(true);
        (0..20).flat_map(|_| concurrently(&end, 1000)).collect::<Vec<_>>()
    });
    let answered: Vec<u64> =
        samples.iter().filter(|(_, answered)| *answered).map(|(delay, _)| *delay).collect();
    let late = answered.iter().filter(|delay| **delay >= 200).count();
    assert_near("the share of calls that succeed", answered.len() as f64 / samples.len() as f64, 0.81, 0.014);
    assert_near("the share of late replies", late as f64 / answered.len() as f64, 2.0 / 3.0, 0.019);
    assert!(
        samples.iter().all(|(delay, answered)| *answered || *delay < 27),
        "the caller of a lost message gets `None` at once"
    );
}

/// The settings at the beginning of a call decide about it.
#[test]
fn a_call_keeps_the_settings_of_its_beginning() {
    let (reliable, unreliable) = measure(|world, network, _| {
        let network = network.clone();
        let mut server = Server::new(&world.node("slow server"));
        let slow = |args: i64| {
            thread::sleep(Duration::from_millis(50));
            args
        };
        server.add_service(Service::new("Slow").method("echo", slow));
        network.add_server("slow server", server);
        let end = network.make_end("slow end");
        network.connect("slow end", "slow server");
        network.enable("slow end", true);

        let successes = |reliable: bool| {
            network.set_reliable(reliable);
            let calls: Vec<_> = (0..1000)
                .map(|_| {
                    let end = end.clone();
                    thread::spawn(move || end.call::<i64, i64>("Slow.echo", &7).is_some())
                })
                .collect();
            thread::sleep(Duration::from_millis(30));
            let arrived = network.count("slow server");
            network.set_reliable(!reliable);
            let successes = calls.into_iter().filter_map(|call| call.join().unwrap().then_some(())).count();
            (arrived, successes as u64)
        };
        let (arrived_reliably, reliable) = successes(true);
        assert_eq!(arrived_reliably, 1000);
        let (arrived_in_all, unreliable) = successes(false);
        assert!(arrived_in_all < 2000);
        (reliable, (arrived_in_all - 1000, unreliable))
    });
    assert_eq!(reliable, 1000, "calls that began on a reliable network");
    let (arrived, replied) = unreliable;
    assert!(replied < arrived, "{replied} of {arrived} handlers' replies got through, none was lost");
}

//! The virtual clock and the random streams.

use std::time::Duration;

use labrt::rand::RngExt;
use labrt::thread;
use labrt::time::Instant;
use labrt::world::Backend;

use crate::{both, run};

#[test]
fn the_clock_advances_for_a_thread_that_never_waits() {
    both(|world| {
        let start = Instant::now();
        let end = start + Duration::from_millis(1);
        let mut reads = 0;
        while Instant::now() < end {
            reads += 1;
        }
        let least = if world.backend() == Backend::Simulation { 1000 } else { 0 };
        assert!(reads > least, "a read of the clock takes a few nanoseconds: {reads} reads in a millisecond");
    });
}

#[test]
fn instants_support_comparison_and_arithmetic() {
    both(|_| {
        let start = Instant::now();
        thread::sleep(Duration::from_millis(5));
        let later = Instant::now();
        assert!(later > start);
        assert!(later - start >= Duration::from_millis(5));
        assert_eq!(start - later, Duration::ZERO);
        assert_eq!(start.checked_duration_since(later), None);
        assert_eq!(start + Duration::from_secs(1) - Duration::from_secs(1), start);
        assert_eq!(start.checked_add(Duration::MAX), None);
    });
}

#[test]
fn streams_depend_on_the_seed_and_are_independent() {
    let draw = |seed, name: &'static str, extra: bool| {
        run(seed, move |world| {
            if extra {
                let _: u64 = world.rng("elsewhere").random();
                let _: u64 = labrt::rand::rng().random();
            }
            world.rng(name).random::<u64>()
        })
    };
    assert_eq!(draw(1, "network", false), draw(1, "network", true));
    assert_ne!(draw(1, "network", false), draw(1, "faults", false));
    assert_ne!(draw(1, "network", false), draw(2, "network", false));
}

#[test]
fn each_node_draws_from_a_stream_of_its_own() {
    let draws = |first_draws: usize| {
        run(1, move |world| {
            let (one, two) = (world.node("one"), world.node("two"));
            one.call("draw", move || {
                (0..first_draws).for_each(|_| {
                    let _: u64 = labrt::rand::rng().random();
                });
            })
            .unwrap();
            two.call("draw", || labrt::rand::rng().random_range(0..1_000_000)).unwrap()
        })
    };
    assert_eq!(draws(0), draws(5));
}

//! Servers share nothing but messages: what counts up in std or in labrt counts for each of them by itself.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use labrt::channel::bounded;
use labrt::thread;
use labrt::world::{Node, Options, World, simulate};

use crate::{both, run};

/// Runs `f` on the node and takes what it returns.
fn on<T: Send + 'static>(node: &Node, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = bounded(1);
    drop(node.spawn("asked", move || drop(sender.send(f()))));
    receiver.recv().expect("the thread sends")
}

/// Counts `times` up what std counts for hash maps, and answers what the keys are now.
fn keys(times: u32) -> String {
    for _ in 0..times {
        std::hint::black_box(RandomState::new());
    }
    format!("{:?}", RandomState::new().build_hasher())
}

/// What a server's hash maps are like when they have been counted up twice, and another one's `others` times
/// in between.
fn seen_beside(seed: u64, others: u32) -> Vec<String> {
    run(seed, move |world| {
        let (one, other) = (world.node("one"), world.node("other"));
        let first = on(&one, || keys(0));
        on(&other, move || keys(others));
        keys(others); // the tester's
        vec![first, on(&one, || keys(0))]
    })
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn hash_maps_of_others_are_not_seen() {
    for seed in 0..20 {
        let alone = seen_beside(seed, 0);
        assert_ne!(alone[0], alone[1], "on one server they count up");
        assert_eq!(alone, seen_beside(seed, 1));
        assert_eq!(alone, seen_beside(seed, 1000));
    }
    assert_ne!(seen_beside(1, 0), seen_beside(2, 0));
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn hash_maps_are_not_seen_by_threads_that_take_turns() {
    fn counted(world: &World, name: &str, by: u32) -> labrt::channel::Receiver<Vec<String>> {
        let (sender, receiver) = bounded(1);
        let node = world.node(name);
        drop(node.spawn("counts", move || {
            let seen = (0..20).map(|_| {
                thread::sleep(Duration::from_micros(10));
                thread::yield_now();
                keys(by)
            });
            drop(sender.send(seen.collect()));
        }));
        receiver
    }
    let seen = |others: u32| {
        run(7, move |world| {
            let one = counted(world, "one", 1);
            let other = counted(world, "other", others);
            let (one, _) = (one.recv().unwrap(), other.recv().unwrap());
            one
        })
    };
    assert_eq!(seen(0), seen(12_345));
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn the_next_life_of_a_server_has_other_hash_keys() {
    let seen = |counted: u32| {
        run(3, move |world| {
            let first = world.node("server 0");
            let before = on(&first, move || keys(counted));
            first.kill();
            (before, on(&world.node("server 0"), || keys(0)))
        })
    };
    let (before, after) = seen(0);
    assert_ne!(before, after);
    assert_eq!(after, seen(99).1);
}

#[test]
fn hash_maps_are_the_same_when_the_run_is_made_again() {
    let hash = |seed| simulate(Options::new(seed), |_| keys(3)).result.unwrap();
    for seed in 0..20 {
        let elsewhere = std::thread::spawn(move || hash(seed)).join().unwrap();
        if cfg!(all(target_os = "linux", target_env = "gnu")) {
            assert_eq!(hash(seed), elsewhere);
        }
    }
}

/// The numbers and the texts of three threads of a server, of the last one when it has ended.
fn threads() -> Vec<(u64, String)> {
    let told = |thread: thread::Thread| (thread.id(), format!("{thread:?}"));
    let one = thread::spawn(|| thread::current().id());
    let (id, other) = (one.thread().id(), thread::spawn(|| ()));
    let seen = vec![told(thread::current()), told(one.thread()), told(other.thread())];
    assert_eq!(one.join().unwrap(), id);
    other.join().unwrap();
    seen
}

#[test]
fn threads_of_others_are_not_counted() {
    both(|world| {
        let (one, other) = (world.node("one"), world.node("other"));
        let before = on(&one, threads);
        for _ in 0..10 {
            on(&one, || thread::spawn(|| ()).join().unwrap());
        }
        assert_eq!(before, on(&other, threads), "what a server starts has the same numbers on each");
        let ids: std::collections::BTreeSet<u64> = before.iter().map(|thread| thread.0).collect();
        assert_eq!(ids.len(), 3, "{before:?}");
    });
}

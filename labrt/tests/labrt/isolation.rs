//! Isolation: servers share only messages. Counters of std and labrt are separate for each server.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use labrt::channel::bounded;
use labrt::thread;
use labrt::world::{Node, Options, World, simulate};

use crate::{both, run};

/// Runs `f` on the node and returns its result.
fn on<T: Send + 'static>(node: &Node, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = bounded(1);
    drop(node.spawn("asked", move || drop(sender.send(f()))));
    receiver.recv().expect("the thread sends")
}

/// Makes `times` hash maps, which increments std's counter, and returns the keys of another one.
fn keys(times: u32) -> String {
    for _ in 0..times {
        std::hint::black_box(RandomState::new());
    }
    format!("{:?}", RandomState::new().build_hasher())
}

/// The keys of a server's hash maps after it has made two, while another server has made `others`.
fn keys_beside(seed: u64, others: u32) -> Vec<String> {
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
fn hash_maps_of_other_servers_have_no_effect() {
    for seed in 0..20 {
        let alone = keys_beside(seed, 0);
        assert_ne!(alone[0], alone[1], "on one server they count up");
        assert_eq!(alone, keys_beside(seed, 1));
        assert_eq!(alone, keys_beside(seed, 1000));
    }
    assert_ne!(keys_beside(1, 0), keys_beside(2, 0));
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn hash_maps_of_interleaved_threads_have_no_effect() {
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
fn the_next_incarnation_of_a_server_has_other_hash_keys() {
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
fn hash_keys_are_the_same_in_a_replay() {
    let hash = |seed| simulate(Options::new(seed), |_| keys(3)).result.unwrap();
    for seed in 0..20 {
        let elsewhere = std::thread::spawn(move || hash(seed)).join().unwrap();
        if cfg!(all(target_os = "linux", target_env = "gnu")) {
            assert_eq!(hash(seed), elsewhere);
        }
    }
}

/// The ids and debug texts of three threads of a server, the last one of which has ended.
fn threads() -> Vec<(u64, String)> {
    let described = |thread: thread::Thread| (thread.id(), format!("{thread:?}"));
    let one = thread::spawn(|| thread::current().id());
    let (id, other) = (one.thread().id(), thread::spawn(|| ()));
    let seen = vec![described(thread::current()), described(one.thread()), described(other.thread())];
    assert_eq!(one.join().unwrap(), id);
    other.join().unwrap();
    seen
}

#[test]
fn thread_ids_count_the_server_s_own_threads_only() {
    both(|world| {
        let (one, other) = (world.node("one"), world.node("other"));
        let before = on(&one, threads);
        for _ in 0..10 {
            on(&one, || thread::spawn(|| ()).join().unwrap());
        }
        assert_eq!(before, on(&other, threads), "the same threads have the same ids on each server");
        let ids: std::collections::BTreeSet<u64> = before.iter().map(|thread| thread.0).collect();
        assert_eq!(ids.len(), 3, "{before:?}");
    });
}

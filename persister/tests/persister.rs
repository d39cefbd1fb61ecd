//! Saves through a [`Persister`], and the effect of crashes on them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use labrt::rand::RngExt;
use labrt::thread;
use labrt::world::{Options, World, simulate};
use persister::Persister;

fn run<T: Send + 'static>(seed: u64, body: impl FnOnce(&World) -> T + Send + 'static) -> T {
    simulate(Options::new(seed), body).result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"))
}

#[test]
fn a_new_persister_is_empty() {
    let persister = Persister::new();
    assert_eq!(persister.read_raft_state(), b"");
    assert_eq!(persister.read_snapshot(), b"");
    assert_eq!((persister.raft_state_size(), persister.snapshot_size()), (0, 0));
}

#[test]
fn the_last_save_is_read() {
    run(1, |_| {
        let persister = Persister::new();
        persister.save(b"term 1", b"a long snapshot");
        persister.save(b"term 12", b"short");
        assert_eq!(persister.read_raft_state(), b"term 12");
        assert_eq!(persister.read_snapshot(), b"short");
        assert_eq!((persister.raft_state_size(), persister.snapshot_size()), (7, 5));
    });
}

#[test]
fn an_empty_snapshot_erases_the_earlier_one() {
    run(1, |_| {
        let persister = Persister::new();
        persister.save(b"state", b"snapshot");
        persister.save(b"state", b"");
        assert_eq!(persister.read_raft_state(), b"state");
        assert_eq!(persister.read_snapshot(), b"");
        assert_eq!(persister.snapshot_size(), 0);
    });
}

#[test]
fn clones_share_and_copies_do_not() {
    run(1, |_| {
        let persister = Persister::new();
        persister.save(b"before", b"snapshot");
        let clone = persister.clone();
        let copy = persister.copy();
        assert_eq!(copy.read_raft_state(), b"before");
        assert_eq!(copy.read_snapshot(), b"snapshot");

        persister.save(b"after", b"");
        assert_eq!(clone.read_raft_state(), b"after");
        assert_eq!(copy.read_raft_state(), b"before");
        assert_eq!(copy.read_snapshot(), b"snapshot");

        copy.save(b"other", b"other");
        assert_eq!(persister.read_raft_state(), b"after");
    });
}

/// A kill at any point leaves one whole save: the last one that returned, or the one after it. The seeds must
/// include kills before the first save and between two saves.
#[test]
fn a_kill_leaves_a_whole_save() {
    let mut left = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let kept = run(seed, move |world| {
            let persister = Persister::new();
            let returned = Arc::new(AtomicUsize::new(0));
            let node = world.node("server");
            let writer = (persister.clone(), Arc::clone(&returned));
            node.run("writer", move || {
                let (persister, returned) = writer;
                for number in 1..=10 {
                    persister.save(&vec![number; usize::from(number)], &[number; 20]);
                    returned.store(usize::from(number), Ordering::Relaxed);
                }
            });
            for _ in 0..seed % 20 {
                thread::yield_now();
            }
            node.kill();
            let (state, snapshot) = (persister.read_raft_state(), persister.read_snapshot());
            let number = state.len();
            assert_eq!(number, returned.load(Ordering::Relaxed), "a save either returned or did nothing");
            assert!(state.iter().all(|byte| usize::from(*byte) == number), "{state:?}");
            assert_eq!(snapshot, vec![number as u8; if number == 0 { 0 } else { 20 }]);
            number
        });
        left.insert(kept);
    }
    assert!(left.contains(&0) && left.contains(&10) && left.len() > 5, "kills at {left:?} only");
}

/// Two threads of one server save concurrently: every read gives the state and snapshot of one save.
#[test]
fn saves_are_not_mixed() {
    for seed in 0..50 {
        run(seed, |_| {
            let persister = Persister::new();
            let writers: Vec<_> = (1..=2u8)
                .map(|number| {
                    let persister = persister.clone();
                    thread::spawn(move || {
                        for _ in 0..10 {
                            persister.save(&[number; 8], &[number; 3]);
                        }
                    })
                })
                .collect();
            for _ in 0..10 {
                thread::yield_now();
                let copy = persister.copy();
                let (state, snapshot) = (copy.read_raft_state(), copy.read_snapshot());
                assert_eq!(state.first(), snapshot.first());
            }
            for writer in writers {
                writer.join().unwrap();
            }
        });
    }
}

/// Saves in its destructor, as a peer might that wants to shut down cleanly.
struct SavesWhenDropped(Persister);

impl Drop for SavesWhenDropped {
    fn drop(&mut self) {
        self.0.save(b"from a destructor", b"");
    }
}

#[test]
fn a_crash_saves_nothing() {
    run(1, move |world| {
        let persister = Persister::new();
        persister.save(b"state", b"");
        let node = world.node("server 0");
        let saves = SavesWhenDropped(persister.clone());
        drop(node.spawn("server", move || {
            let _saves = saves;
            thread::sleep(Duration::from_secs(1));
        }));
        thread::sleep(Duration::from_millis(1));
        node.kill();
        assert_eq!(persister.read_raft_state(), b"state");
        drop(SavesWhenDropped(persister.clone()));
        assert_eq!(persister.read_raft_state(), b"from a destructor", "a destructor on a live server saves");
    });
}

const MS: Duration = Duration::from_millis(1);

/// A persister whose saves take from `least` to `most` milliseconds.
fn slow(world: &World, least: u64, most: u64) -> Persister {
    let persister = Persister::new();
    let time = Duration::from_millis(least)..=Duration::from_millis(most);
    persister.set_save_time(world, "server 0", Some(time));
    persister
}

#[test]
fn a_save_takes_no_time_unless_a_save_time_is_set() {
    run(1, move |world| {
        let persister = Persister::new();
        persister.save(b"state", b"");
        assert!(world.now() < MS);
        persister.set_save_time(world, "server 0", Some(5 * MS..=5 * MS));
        persister.save(b"later", b"");
        assert!(world.now() >= 5 * MS && world.now() < 6 * MS, "{:?}", world.now());
        persister.set_save_time(world, "server 0", None);
        persister.save(b"state", b"");
        assert!(world.now() < 6 * MS);
    });
}

/// The durations of saves are uniform in the range, and those of another storage are different draws.
#[test]
fn the_durations_of_saves_are_drawn() {
    let times = |name: &'static str, other_draws: bool| {
        run(1, move |world| {
            let persister = Persister::new();
            persister.set_save_time(world, name, Some(10 * MS..=20 * MS));
            let time_save = |_| {
                if other_draws {
                    let _: u64 = labrt::rand::rng().random();
                }
                let start = world.now();
                persister.save(b"state", b"");
                (world.now() - start).as_micros()
            };
            (0..500).map(time_save).collect::<Vec<_>>()
        })
    };
    let one = times("server 0", false);
    let (least, most) = (one.iter().min().unwrap(), one.iter().max().unwrap());
    assert!((10_000..10_100).contains(least) && (19_900..20_001).contains(most), "{least} to {most}");
    let mean = one.iter().sum::<u128>() / 500;
    assert!((14_500..15_500).contains(&mean), "{mean}");
    assert_eq!(one, times("server 0", true), "other draws do not use the stream of the saves");
    assert_ne!(one, times("server 1", false));
}

#[test]
fn a_slow_save_is_read_when_it_has_ended_and_does_not_block_reads() {
    run(1, move |world| {
        let persister = slow(world, 10, 10);
        let writer = {
            let persister = persister.clone();
            thread::spawn(move || persister.save(b"state", b"snapshot"))
        };
        thread::sleep(9 * MS);
        assert_eq!((persister.read_raft_state(), persister.snapshot_size()), (vec![], 0));
        assert!(!writer.is_finished());
        thread::sleep(2 * MS);
        assert_eq!((persister.read_raft_state(), persister.snapshot_size()), (b"state".to_vec(), 8));
        writer.join().unwrap();
    });
}

/// A slow save that a crash interrupts has no effect, then or later.
#[test]
fn a_crash_during_a_slow_save_leaves_the_old_content() {
    run(1, move |world| {
        let persister = slow(world, 10, 10);
        let node = world.node("server");
        let writer = persister.clone();
        node.run("writer", move || {
            writer.save(b"old", b"old snapshot");
            writer.save(b"new", b"new snapshot");
            unreachable!("the server was killed");
        });
        thread::sleep(15 * MS);
        let kept = persister.copy();
        node.kill();
        for _ in 0..2 {
            for persister in [&persister, &kept] {
                assert_eq!(persister.read_raft_state(), b"old");
                assert_eq!(persister.read_snapshot(), b"old snapshot");
            }
            thread::sleep(10 * MS);
        }
    });
}

/// Of two concurrent saves, the one that began last remains.
#[test]
fn a_slow_save_does_not_undo_one_that_was_begun_later() {
    let overtaken = (0..50).filter(|&seed| {
        run(seed, move |world| {
            let persister = slow(world, 1, 20);
            let save = |name: &'static [u8]| {
                let (persister, world) = (persister.clone(), world.clone());
                let saves = thread::spawn(move || {
                    persister.save(name, b"");
                    world.now()
                });
                thread::sleep(MS / 2);
                saves
            };
            let (first, second) = (save(b"first"), save(b"second"));
            let (first, second) = (first.join().unwrap(), second.join().unwrap());
            assert_eq!(persister.read_raft_state(), b"second");
            second < first
        })
    });
    assert!((5..45).contains(&overtaken.count()));
}

/// The next incarnation of a server has the same save times, and continues the random stream.
#[test]
fn a_copy_has_the_same_save_times() {
    run(1, move |world| {
        let persister = slow(world, 10, 10);
        persister.save(b"state", b"");
        let copy = persister.copy();
        let start = world.now();
        copy.save(b"next", b"");
        assert!(world.now() - start >= 10 * MS);
        assert_eq!(copy.read_raft_state(), b"next");
        assert_eq!(persister.read_raft_state(), b"state");
    });
}

/// Lab code may save while it holds a lock: the run does not warn of it.
#[test]
fn a_slow_save_under_a_lock_gives_no_warning() {
    let run = simulate(Options::new(1), |world: &World| {
        let lock = labrt::sync::Mutex::new(slow(world, 1, 2));
        lock.lock().save(b"state", b"");
    });
    run.result.unwrap();
    assert_eq!(run.warnings, [""; 0]);
}

#[test]
fn the_fingerprint_of_slow_saves_is_the_same_again() {
    let fingerprint = |seed, record| {
        let options = Options { record, ..Options::new(seed) };
        let run = simulate(options, move |world: &World| {
            let persister = slow(world, 0, 5);
            let writers: Vec<_> = (0..5u8)
                .map(|number| {
                    let persister = persister.clone();
                    thread::spawn(move || (0..5).for_each(|_| persister.save(&[number], &[])))
                })
                .collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            persister.read_raft_state()
        });
        (run.result.unwrap(), run.fingerprint)
    };
    for seed in 0..20 {
        let once = fingerprint(seed, false);
        assert_eq!(once, fingerprint(seed, false));
        assert_eq!(once, fingerprint(seed, true));
        assert_ne!(once.1, fingerprint(seed + 100, false).1);
    }
}

#[test]
fn an_empty_range_panics() {
    let failure = simulate(Options::new(1), |world: &World| slow(world, 2, 1)).result.unwrap_err();
    assert_eq!(failure.message, "no time is in the range 2ms..=1ms");
}

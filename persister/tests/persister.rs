//! What is saved, and what a crash makes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use labrt::thread;
use labrt::world::{Options, World, simulate};
use persister::Persister;

fn run<T: Send + 'static>(seed: u64, body: impl FnOnce(&World) -> T + Send + 'static) -> T {
    simulate(Options::new(seed), body).result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"))
}

#[test]
fn a_new_store_is_empty() {
    let persister = Persister::new();
    assert_eq!(persister.read_raft_state(), b"");
    assert_eq!(persister.read_snapshot(), b"");
    assert_eq!((persister.raft_state_size(), persister.snapshot_size()), (0, 0));
}

#[test]
fn what_was_saved_last_is_read() {
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
fn an_empty_snapshot_erases() {
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

/// Wherever a server is killed, what it leaves is one whole save, and the last one that returned or the
/// one after it. Some kills must fall between two saves and some before the first for this to say anything.
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

/// Two threads of one server that save at the same time: every read sees the two halves of one save.
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

/// A destructor that saves, as a peer might that wants to leave everything in order.
struct SavesWhenDropped(Persister);

impl Drop for SavesWhenDropped {
    fn drop(&mut self) {
        self.0.save(b"last words", b"");
    }
}

#[test]
fn a_crash_saves_nothing() {
    run(1, |world| {
        let persister = Persister::new();
        persister.save(b"state", b"");
        let node = world.node("server 0");
        let saves = SavesWhenDropped(persister.clone());
        drop(node.spawn("server", move || {
            let _saves = saves;
            thread::sleep(std::time::Duration::from_secs(1));
        }));
        thread::sleep(std::time::Duration::from_millis(1));
        node.kill();
        assert_eq!(persister.read_raft_state(), b"state");
        drop(SavesWhenDropped(persister.clone()));
        assert_eq!(persister.read_raft_state(), b"last words", "whoever is alive saves in a destructor too");
    });
}

//! Named records: commits, the order in which they take effect, and the effect of crashes on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use labrt::thread::{self, JoinHandle};
use labrt::world::{Options, World, simulate};
use parking_lot::Mutex;
use persister::{Observer, Persister, SaveEvent, SaveStep, Storage};

const MS: Duration = Duration::from_millis(1);

fn run<T: Send + 'static>(seed: u64, body: impl FnOnce(&World) -> T + Send + 'static) -> T {
    simulate(Options::new(seed), body).result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"))
}

fn message_of(body: impl FnOnce(&World) + Send + 'static) -> String {
    simulate(Options::new(1), body).result.unwrap_err().message
}

/// Sets the duration of each commit from now on.
fn slow_down(storage: &Storage, world: &World, ms: u32) {
    storage.set_save_time(world, "server 0", Some(ms * MS..=ms * MS));
}

/// Saves `value` under each of these names on another thread. The save has begun when this returns.
fn begin(storage: &Storage, names: &'static [&'static str], value: &'static [u8]) -> JoinHandle<()> {
    let storage = storage.clone();
    let saves = thread::spawn(move || {
        let records: Vec<_> = names.iter().map(|&name| (name, value)).collect();
        storage.commit(&records);
    });
    thread::sleep(MS / 10);
    saves
}

/// The records x, y and z, as text.
fn xyz(storage: &Storage) -> String {
    let records = ["x", "y", "z"].map(|name| String::from_utf8(storage.read(name)).unwrap());
    records.map(|record| if record.is_empty() { "-".to_owned() } else { record }).concat()
}

#[test]
fn a_commit_replaces_its_records_and_no_other() {
    run(1, |_| {
        let storage = Storage::new();
        storage.commit(&[("term", b"1"), ("vote", b"server 2")]);
        storage.commit(&[("log", b"entries"), ("term", b"12")]);
        assert_eq!(storage.read("term"), b"12");
        assert_eq!(storage.read("vote"), b"server 2");
        assert_eq!(storage.read("log"), b"entries");
        storage.save("log", b"fewer");
        assert_eq!(storage.read("log"), b"fewer");
        assert_eq!(storage.read("term"), b"12");
    });
}

/// In any order of names in a commit and in the storage.
#[test]
fn records_are_found_by_their_names() {
    run(1, |_| {
        let storage = Storage::new();
        let mut expected = BTreeMap::new();
        for names in [["b", "d"], ["d", "b"], ["a", "b"], ["c", "a"], ["d", "e"], ["b", "a"], ["e", "a"]] {
            let bytes = names.concat();
            storage.commit(&names.map(|name| (name, bytes.as_bytes())));
            expected.extend(names.map(|name| (name, bytes.clone())));
            for (name, bytes) in &expected {
                assert_eq!(storage.read(name), bytes.as_bytes(), "{name} after {names:?}");
            }
            assert_eq!(storage.records().len(), expected.len());
        }
    });
}

#[test]
fn a_record_never_written_is_empty_and_an_empty_one_is_erased() {
    run(1, |_| {
        let storage = Storage::new();
        assert_eq!((storage.read("log"), storage.size("log")), (vec![], 0));
        assert_eq!(storage.records(), []);

        storage.commit(&[("term", b"1"), ("log", b"entries"), ("vote", b"")]);
        assert_eq!(storage.size("log"), 7);
        assert_eq!(storage.records(), [("log".to_owned(), 7), ("term".to_owned(), 1)]);

        storage.save("log", b"");
        assert_eq!((storage.read("log"), storage.size("log")), (vec![], 0));
        assert_eq!(storage.records(), [("term".to_owned(), 1)]);
        assert_eq!(format!("{storage:?}"), r#"Storage([("term", 1)])"#);
    });
}

#[test]
fn two_records_of_the_same_name_are_refused() {
    let message = message_of(|_| Storage::new().commit(&[("a", b"1"), ("b", b"2"), ("a", b"1")]));
    assert_eq!(message, r#"a commit has two records "a""#);
}

#[test]
fn the_first_bytes_of_a_record_can_stay() {
    run(1, |_| {
        let storage = Storage::new();
        storage.commit(&[("a", b"abc"), ("z", b"xyz")]);
        let notes = observed(&storage);
        storage.commit_tails(&[("z", 2, b""), ("a", 3, b"def")]);
        assert_eq!(storage.read("a"), b"abcdef");
        assert_eq!(storage.read("z"), b"xy");
        storage.commit_tails(&[("a", 1, b"-"), ("new", 0, b"1")]);
        assert_eq!(storage.read("a"), b"a-");
        assert_eq!(storage.read("new"), b"1");
        storage.commit_tails(&[("a", 0, b"")]);
        assert_eq!(storage.size("a"), 0);
        let records: Vec<String> = notes.0.lock().iter().map(|(_, _, records, _)| records.clone()).collect();
        assert_eq!(records, ["z2 a6", "a2 new1", "a0"], "an observer gets whole records");

        let persister = Persister::new();
        persister.save(b"log 1", b"snap");
        persister.save_tail(4, b"2, vote", b"shot");
        assert_eq!(persister.read_raft_state(), b"log 2, vote");
        assert_eq!(persister.read_snapshot(), b"shot");
    });
    let message = message_of(|_| {
        let storage = Storage::new();
        storage.save("log", b"123");
        storage.commit_tails(&[("log", 4, b"5")]);
    });
    assert_eq!(message, r#"a commit keeps 4 bytes of the record "log", which has 3"#);
}

/// What stays is of the save that began last, whichever takes effect first.
#[test]
fn a_slow_save_keeps_bytes_of_the_save_before_it() {
    run(1, |world| {
        let storage = Storage::new();
        storage.save("log", b"durable");
        slow_down(&storage, world, 10);
        let slow = begin(&storage, &["log"], b"pending");
        slow_down(&storage, world, 2);
        storage.commit_tails(&[("log", 3, b"-x")]);
        assert_eq!(storage.read("log"), b"pen-x");
        slow.join().unwrap();
        assert_eq!(storage.read("log"), b"pen-x");

        slow_down(&storage, world, 10);
        let slow = begin(&storage, &["log"], b"again");
        storage.set_save_time(world, "server 0", None);
        storage.commit_tails(&[("log", 2, b"!")]);
        assert_eq!(storage.read("log"), b"ag!");
        slow.join().unwrap();
        assert_eq!(storage.read("log"), b"ag!");
    });
}

#[test]
fn a_persister_is_two_records_of_a_storage() {
    run(1, |_| {
        let storage = Storage::new();
        let persister = Persister::on(storage.clone());
        persister.save(b"state", b"snap");
        assert_eq!(storage.records(), [("raft_state".to_owned(), 5), ("snapshot".to_owned(), 4)]);
        persister.storage().save("configuration", b"three servers");
        persister.save(b"later", b"");
        assert_eq!(storage.records(), [("configuration".to_owned(), 13), ("raft_state".to_owned(), 5)]);
        assert_eq!(persister.copy().storage().read("configuration"), b"three servers");
    });
}

#[test]
fn clones_share_and_copies_do_not() {
    run(1, |_| {
        let storage = Storage::new();
        storage.save("x", b"1");
        let (clone, copy) = (storage.clone(), storage.copy());
        storage.save("x", b"2");
        copy.save("y", b"3");
        assert_eq!([xyz(&storage), xyz(&clone), xyz(&copy)], ["2--", "2--", "13-"]);
    });
}

/// A read at any time gives all records of a slow commit or none, in the storage and in copies.
#[test]
fn a_slow_commit_takes_effect_at_once() {
    run(1, |world| {
        let storage = Storage::new();
        slow_down(&storage, world, 10);
        let saves = begin(&storage, &["z", "x", "y"], b"1");
        let mut seen = BTreeSet::new();
        while !saves.is_finished() {
            seen.extend([xyz(&storage), xyz(&storage.copy())]);
            thread::sleep(MS);
        }
        assert_eq!(seen, BTreeSet::from(["---".to_owned()]));
        assert!(world.now() >= 10 * MS);
        assert_eq!(xyz(&storage), "111");
    });
}

/// Concurrent commits with common records: of each record, the commit that began last remains.
#[test]
fn of_each_record_the_commit_that_began_last_remains() {
    let mut seen = BTreeMap::<_, u32>::new();
    for seed in 0..200 {
        let saw = run(seed, |world| {
            let storage = Storage::new();
            storage.set_save_time(world, "server 0", Some(MS..=20 * MS));
            let saves = [
                begin(&storage, &["x", "y"], b"1"),
                begin(&storage, &["y", "z"], b"2"),
                begin(&storage, &["z"], b"3"),
            ];
            let mut saw = vec![xyz(&storage)];
            while saves.iter().any(|saves| !saves.is_finished()) {
                thread::sleep(MS / 20);
                let now = xyz(&storage);
                if *saw.last().unwrap() != now {
                    saw.push(now);
                }
            }
            assert_eq!(saw.last().unwrap(), "123");
            saw
        });
        *seen.entry(saw).or_default() += 1;
    }
    // The possible orders in which the commits end, and the records after each.
    let orders = [
        vec!["---", "11-", "122", "123"],
        vec!["---", "11-", "113", "123"],
        vec!["---", "-22", "122", "123"],
        vec!["---", "-22", "-23", "123"],
        vec!["---", "--3", "113", "123"],
        vec!["---", "--3", "-23", "123"],
    ];
    for order in orders {
        assert!(
            seen.remove(&order.iter().map(ToString::to_string).collect::<Vec<_>>()) > Some(5),
            "{order:?}"
        );
    }
    // In the others, two commits ended between two reads.
    assert!(seen.keys().all(|saw| saw.len() < 4), "{seen:?}");
}

/// Saves that take no time, or another time, keep the order.
#[test]
fn a_change_of_the_save_time_keeps_the_order() {
    run(1, |world| {
        let storage = Storage::new();
        slow_down(&storage, world, 20);
        let slow = [begin(&storage, &["x", "y"], b"1"), begin(&storage, &["z"], b"2")];
        slow_down(&storage, world, 5);
        let faster = begin(&storage, &["x"], b"3");
        storage.set_save_time(world, "server 0", None);
        storage.save("z", b"4");
        assert_eq!(xyz(&storage), "--4");
        faster.join().unwrap();
        assert_eq!(xyz(&storage), "3-4");
        for saves in slow {
            saves.join().unwrap();
        }
        assert_eq!(xyz(&storage), "314");
        slow_down(&storage, world, 5);
        storage.save("x", b"5");
        assert_eq!(xyz(&storage), "514");
    });
}

/// A commit that began before an erasure does not restore the erased record.
#[test]
fn an_erasure_remains_too() {
    run(1, |world| {
        let storage = Storage::new();
        slow_down(&storage, world, 10);
        let saves = begin(&storage, &["x", "y"], b"1");
        storage.set_save_time(world, "server 0", None);
        storage.save("x", b"");
        saves.join().unwrap();
        assert_eq!(xyz(&storage), "-1-");
    });
}

/// The records after a crash during two commits, with the server killed before or after the copy.
fn interrupted(seed: u64, probability: Option<f64>, kill_first: bool) -> String {
    run(seed, move |world| {
        let storage = Storage::new();
        storage.commit(&[("x", b"0"), ("y", b"0"), ("z", b"0")]);
        slow_down(&storage, world, 10);
        if let Some(probability) = probability {
            storage.set_interrupted_saves(world, "server 0", probability);
        }
        let node = world.node("server");
        for (names, value) in [(&["x", "y"][..], b"1"), (&["y", "z"], b"2")] {
            let storage = storage.clone();
            node.run("saves", move || {
                storage.commit(&names.iter().map(|&name| (name, &value[..])).collect::<Vec<_>>());
            });
            thread::sleep(MS);
        }
        if kill_first {
            node.kill();
        }
        let left = storage.copy();
        node.kill();
        let first = xyz(&left);
        thread::sleep(20 * MS);
        assert_eq!(xyz(&storage), "000", "the storage itself does not change");
        assert_eq!(xyz(&left), first, "nor does the copy");
        assert_eq!(xyz(&left.copy()), first, "since it has no commit in progress");
        first
    })
}

#[test]
fn an_interrupted_commit_has_no_effect_unless_a_probability_is_set() {
    for kill_first in [false, true] {
        assert_eq!(interrupted(1, None, kill_first), "000");
        assert_eq!(interrupted(1, Some(0.0), kill_first), "000");
        assert_eq!(interrupted(1, Some(1.0), kill_first), "122", "one after the other, as they began");
    }
}

/// Each commit is drawn independently, and takes effect as a whole.
#[test]
fn interrupted_commits_take_effect_with_the_probability_that_was_set() {
    for kill_first in [false, true] {
        let mut left = BTreeMap::<String, u32>::new();
        for seed in 0..1000 {
            *left.entry(interrupted(seed, Some(0.2), kill_first)).or_default() += 1;
        }
        for (outcome, expected) in [("000", 640), ("110", 160), ("022", 160), ("122", 40)] {
            let count = left.remove(outcome).unwrap_or(0);
            assert!(count.abs_diff(expected) < 15 + expected / 5, "{outcome}: {count} for {expected}");
        }
        assert!(left.is_empty(), "{left:?}");
    }
}

/// An earlier commit that takes effect at the crash does not undo a later one that has returned.
#[test]
fn an_interrupted_commit_undoes_nothing_that_has_returned() {
    run(1, |world| {
        let storage = Storage::new();
        storage.set_interrupted_saves(world, "server 0", 1.0);
        slow_down(&storage, world, 20);
        let first = begin(&storage, &["x", "y"], b"1");
        slow_down(&storage, world, 5);
        begin(&storage, &["y"], b"2").join().unwrap();
        assert_eq!(xyz(&storage), "-2-");
        assert_eq!(xyz(&storage.copy()), "12-");
        first.join().unwrap();
        assert_eq!(xyz(&storage), "12-");
    });
}

/// A commit that has ended is not drawn.
#[test]
fn a_commit_that_has_ended_remains() {
    run(1, |world| {
        let storage = Storage::new();
        storage.set_interrupted_saves(world, "server 0", 0.0);
        slow_down(&storage, world, 5);
        storage.save("x", b"1");
        assert_eq!(xyz(&storage.copy()), "1--");
    });
}

/// Incarnations continue the random stream, which is used for nothing else.
#[test]
fn interruptions_are_drawn_from_their_own_stream() {
    let crashes = |name: &'static str, probability: f64| {
        run(1, move |world| {
            let mut storage = Storage::new();
            storage.set_save_time(world, name, Some(MS..=20 * MS));
            storage.set_interrupted_saves(world, name, probability);
            let mut outcomes = String::new();
            let mut times = Vec::new();
            for _ in 0..200 {
                let saves = begin(&storage, &["x"], b"1");
                let start = world.now();
                let left = storage.copy();
                outcomes.push_str(&xyz(&left)[..1]);
                saves.join().unwrap();
                times.push(world.now() - start);
                storage = left;
                storage.set_save_time(world, name, None);
                storage.save("x", b"");
                storage.set_save_time(world, name, Some(MS..=20 * MS));
            }
            (outcomes, times)
        })
    };
    let (outcomes, times) = crashes("server 0", 0.5);
    let took_effect = outcomes.matches('1').count();
    assert!((80..120).contains(&took_effect), "{took_effect} of 200");
    assert_eq!(crashes("server 0", 0.5).0, outcomes);
    assert_ne!(crashes("server 1", 0.5).0, outcomes);
    let (never, same_times) = crashes("server 0", 0.0);
    assert!(!never.contains('1'));
    assert_eq!(same_times, times, "saves take the same times");
}

#[test]
fn an_invalid_probability_panics() {
    for (probability, text) in [(-0.1, "-0.1"), (1.1, "1.1"), (f64::NAN, "NaN")] {
        let message =
            message_of(move |world| Storage::new().set_interrupted_saves(world, "server 0", probability));
        assert_eq!(message, format!("{text} is not a probability"));
    }
}

/// Records each event: the number, the step, the records and the line.
#[derive(Default)]
struct Notes(Mutex<Vec<(u64, SaveStep, String, u32)>>);

impl Observer for Notes {
    fn on(&self, event: &SaveEvent<'_>) {
        let records = event.records.iter().map(|(name, bytes)| format!("{name}{}", bytes.len()));
        let records = records.collect::<Vec<_>>().join(" ");
        assert!(event.location.file().ends_with("tests/storage.rs"));
        self.0.lock().push((event.number, event.step, records, event.location.line()));
    }
}

fn observed(storage: &Storage) -> Arc<Notes> {
    let notes = Arc::new(Notes::default());
    storage.observe(Arc::clone(&notes) as Arc<dyn Observer>);
    notes
}

#[test]
fn an_observer_gets_each_save_and_its_line() {
    run(1, |world| {
        let storage = Storage::new();
        storage.save("x", b"not observed");
        let notes = observed(&storage);
        let fast = SaveStep::TookEffect { slow: false };

        storage.commit(&[("y", b"1"), ("x", b"")]);
        let line = line!();
        Persister::on(storage.clone()).save(b"state", b"snapshot");
        assert_eq!(
            std::mem::take(&mut *notes.0.lock()),
            [
                (2, fast, "y1 x0".to_owned(), line - 1),
                (3, fast, "raft_state5 snapshot8".to_owned(), line + 1)
            ]
        );

        slow_down(&storage, world, 10);
        storage.save("x", b"1");
        assert_eq!(
            std::mem::take(&mut *notes.0.lock()),
            [
                (4, SaveStep::Began, "x1".to_owned(), line + 11),
                (4, SaveStep::TookEffect { slow: true }, "x1".to_owned(), line + 11)
            ]
        );
    });
}

/// The events of a slow save are its beginning and its end, without records that were replaced meanwhile.
#[test]
fn an_observer_gets_slow_and_interrupted_saves() {
    for probability in [0.0, 1.0] {
        run(1, move |world| {
            let storage = Storage::new();
            storage.set_interrupted_saves(world, "server 0", probability);
            let notes = observed(&storage);
            slow_down(&storage, world, 10);
            let first = begin(&storage, &["x", "y"], b"1");
            slow_down(&storage, world, 5);
            let second = begin(&storage, &["y"], b"2");
            let copy = storage.copy();
            second.join().unwrap();
            first.join().unwrap();
            copy.save("z", b"not observed");

            let took_effect = probability > 0.5;
            let notes = notes.0.lock().clone();
            let steps: Vec<_> =
                notes.iter().map(|(number, step, records, _)| (*number, *step, &records[..])).collect();
            let expected = [
                (1, SaveStep::Began, "x1 y1"),
                (2, SaveStep::Began, "y1"),
                (1, SaveStep::Interrupted { took_effect }, "x1 y1"),
                (2, SaveStep::Interrupted { took_effect }, "y1"),
                (2, SaveStep::TookEffect { slow: true }, "y1"),
                (1, SaveStep::TookEffect { slow: true }, "x1"),
            ];
            assert_eq!(steps, expected);
        });
    }
}

/// The saves of the next incarnation have later numbers.
#[test]
fn a_copy_goes_on_counting() {
    run(1, |_| {
        let storage = Storage::new();
        storage.save("x", b"1");
        let copy = storage.copy();
        let notes = observed(&copy);
        copy.save("x", b"2");
        assert_eq!(notes.0.lock()[0].0, 2);
    });
}

#[test]
fn a_storage_has_one_observer() {
    let message = message_of(|_| {
        let storage = Storage::new();
        observed(&storage);
        observed(&storage);
    });
    assert_eq!(message, "the storage has an observer");
}

/// An observer does not change the run.
#[test]
fn an_observer_changes_nothing() {
    let fingerprint = |watch: bool| {
        let run = simulate(Options::new(3), move |world: &World| {
            let storage = Storage::new();
            storage.set_save_time(world, "server 0", Some(MS..=5 * MS));
            let notes = watch.then(|| observed(&storage));
            let writers: Vec<_> = (0..5).map(|_| begin(&storage, &["x", "y"], b"1")).collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            assert_eq!(notes.map_or(10, |notes| notes.0.lock().len()), 10);
        });
        run.result.unwrap();
        run.fingerprint
    };
    assert_eq!(fingerprint(false), fingerprint(true));
}

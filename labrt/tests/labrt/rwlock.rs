//! Reader-writer locks: shared readers, exclusive writers, and readers that queue behind a writer.

use std::time::Duration;

use labrt::sync::{Arc, RwLock, RwLockWriteGuard};
use labrt::thread;
use labrt::world::FailureKind;

use crate::{both, found, passes};

#[test]
fn readers_share_and_writers_do_not() {
    passes(|_| {
        let lock = Arc::new(RwLock::new((0, 0)));
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let lock = lock.clone();
                thread::spawn(move || {
                    for _ in 0..3 {
                        let mut pair = lock.write();
                        pair.0 += 1;
                        thread::yield_now();
                        pair.1 += 1;
                    }
                })
            })
            .collect();
        for _ in 0..3 {
            let one = lock.read();
            let pair = *one;
            assert_eq!(pair.0, pair.1);
            drop(one);
            thread::yield_now();
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(*lock.read(), (6, 6));
    });
}

#[test]
fn two_readers_can_hold_the_lock() {
    both(|_| {
        let lock = RwLock::new(1);
        let (one, two) = (lock.read(), lock.read());
        assert_eq!(*one + *two, 2);
        assert!(lock.try_write().is_none());
        drop((one, two));
        let writing = lock.write();
        assert!(lock.try_read().is_none());
        let reading = RwLockWriteGuard::downgrade(writing);
        assert_eq!(*lock.read() + *reading, 2);
    });
}

/// As with `parking_lot`, a thread that locks twice for reading can deadlock with a waiting writer.
#[test]
fn a_recursive_read_lock_with_a_writer_in_between_is_found() {
    let failure = found(|_| {
        let lock = Arc::new(RwLock::new(0));
        let other = lock.clone();
        let writer = thread::spawn(move || *other.write() += 1);
        let _one = lock.read();
        let _two = lock.read();
        let _ = writer;
    });
    assert_eq!(failure.kind, FailureKind::Deadlock);
}

#[test]
fn readers_continue_after_the_writer_before_them_times_out() {
    passes(|_| {
        let lock = Arc::new(RwLock::new(0));
        let reading = lock.read();
        let other = lock.clone();
        let writer = thread::spawn(move || other.try_write_for(Duration::from_millis(10)).is_none());
        thread::sleep(Duration::from_millis(5));
        assert_eq!(*lock.read(), 0);
        assert!(writer.join().unwrap());
        drop(reading);
    });
}

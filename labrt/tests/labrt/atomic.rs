//! Atomics: single operations are atomic, sequences of them are not.

use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use labrt::thread;

use crate::{both, found, passes};

fn twice(body: impl Fn() + Send + Clone + 'static) {
    let threads = [thread::spawn(body.clone()), thread::spawn(body)];
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn fetch_add_adds_up() {
    passes(|_| {
        let counter = Arc::new(AtomicU64::new(0));
        let shared = counter.clone();
        twice(move || {
            shared.fetch_add(1, SeqCst);
        });
        assert_eq!(counter.load(SeqCst), 2);
    });
}

/// Buggy variant: a load and a store instead of one operation.
#[test]
fn a_lost_increment_is_found() {
    found(|_| {
        let counter = Arc::new(AtomicU64::new(0));
        let shared = counter.clone();
        twice(move || shared.store(shared.load(SeqCst) + 1, SeqCst));
        assert_eq!(counter.load(SeqCst), 2);
    });
}

#[test]
fn fetch_update_retries() {
    passes(|_| {
        let counter = Arc::new(AtomicU64::new(1));
        let shared = counter.clone();
        twice(move || {
            shared.fetch_update(SeqCst, SeqCst, |value| Some(value * 2)).unwrap();
        });
        assert_eq!(counter.load(SeqCst), 4);
    });
}

#[test]
fn compare_exchange_returns_the_value_found() {
    both(|_| {
        let flag = AtomicBool::new(false);
        assert_eq!(flag.compare_exchange(false, true, SeqCst, SeqCst), Ok(false));
        assert_eq!(flag.compare_exchange(false, true, SeqCst, SeqCst), Err(true));
        assert!(flag.swap(false, SeqCst));
        assert!(!flag.into_inner());
    });
}

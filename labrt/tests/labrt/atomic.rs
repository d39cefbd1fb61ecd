//! Atomics: what one operation promises, and what two do not.

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

/// The wrong twin: a load and a store instead of one operation.
#[test]
fn a_load_and_a_store_are_found_not_to_add_up() {
    found(|_| {
        let counter = Arc::new(AtomicU64::new(0));
        let shared = counter.clone();
        twice(move || shared.store(shared.load(SeqCst) + 1, SeqCst));
        assert_eq!(counter.load(SeqCst), 2);
    });
}

#[test]
fn fetch_update_tries_again() {
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
fn compare_exchange_tells_what_it_found() {
    both(|_| {
        let flag = AtomicBool::new(false);
        assert_eq!(flag.compare_exchange(false, true, SeqCst, SeqCst), Ok(false));
        assert_eq!(flag.compare_exchange(false, true, SeqCst, SeqCst), Err(true));
        assert!(flag.swap(false, SeqCst));
        assert!(!flag.into_inner());
    });
}

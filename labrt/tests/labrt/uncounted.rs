//! Uncounted memory.

use std::hint::black_box;
use std::panic::{catch_unwind, resume_unwind};

use labrt::world::{Options, World, simulate, uncounted};

use crate::run;

const LARGE: usize = 100 << 20;

/// The bytes by which `f` changes the memory of the run.
fn growth<T>(world: &World, f: impl FnOnce() -> T) -> (i64, T) {
    let before = world.heap_bytes();
    let value = f();
    (world.heap_bytes().cast_signed() - before.cast_signed(), value)
}

fn large() -> Vec<u8> {
    black_box(vec![1; LARGE])
}

#[test]
fn uncounted_memory_is_no_memory_of_the_run() {
    run(1, |world| {
        let (grown, kept) = growth(world, || uncounted(large));
        assert_eq!(grown, 0);
        let (grown, ()) = growth(world, || uncounted(|| drop(kept)));
        assert_eq!(grown, 0);
        assert_eq!(growth(world, large).0, LARGE as i64);
    });
}

#[test]
fn it_can_be_nested() {
    run(1, |world| {
        let (grown, kept) = growth(world, || uncounted(|| (uncounted(large), large())));
        assert_eq!(grown, 0);
        uncounted(|| drop(kept));
    });
}

#[test]
fn it_can_be_left_by_unwinding() {
    run(1, |world| {
        let (grown, payload) =
            growth(world, || catch_unwind(|| uncounted(|| resume_unwind(Box::new(large())))).unwrap_err());
        // Std frees what it allocates for unwinding where that ends.
        assert!(grown.abs() < 1000, "{grown}");
        uncounted(|| drop(payload));
    });
}

#[test]
fn it_works_outside_a_run() {
    assert_eq!(uncounted(|| large().len()), LARGE);
}

#[test]
fn a_log_is_no_memory_of_the_run() {
    let run = simulate(Options { record: true, ..Options::new(1) }, |world| {
        growth(world, || (0..1000).for_each(|number| log::info!("line {number}"))).0
    });
    assert_eq!((run.result.unwrap(), run.log.len()), (0, 1000));
}

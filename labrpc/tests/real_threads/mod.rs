//! Tests of exact times on real threads, where a busy machine may be late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use labrt::world::Run;

/// The delay of a sleep from which on the machine is late. The tests leave at least a millisecond between two
/// moments.
const LATE: Duration = Duration::from_micros(500);

/// The attempts after which a failure counts even on a late machine.
const ATTEMPTS: u32 = 50;

/// The attempts that fail while the machine seems to be on time, after which a failure counts. A busy machine
/// may keep another thread waiting than the one that looks.
const ATTEMPTS_ON_TIME: u32 = 5;

/// Runs `attempt` until it passes.
///
/// # Panics
///
/// Panics if `attempt` fails again and again while the machine is on time.
pub fn retry_while_late<T>(attempt: impl Fn() -> Run<T>) {
    let mut on_time = 0;
    for number in 1.. {
        let (run, late) = with_lateness(&attempt);
        let Err(failure) = run.result else { return };
        on_time += u32::from(late < LATE);
        assert!(on_time < ATTEMPTS_ON_TIME && number < ATTEMPTS, "on threads: {failure:?}");
        eprintln!("the machine was {late:?} late: once more");
    }
}

/// The result of `attempt`, and the greatest delay of a sleep meanwhile.
fn with_lateness<T>(attempt: impl Fn() -> T) -> (T, Duration) {
    const NAP: Duration = Duration::from_millis(1);

    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut late = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                let begin = Instant::now();
                thread::sleep(NAP);
                late = late.max(begin.elapsed().saturating_sub(NAP));
            }
            late
        });
        let answer = attempt();
        is_over.store(true, Ordering::Relaxed);
        (answer, watch.join().expect("it only sleeps"))
    })
}

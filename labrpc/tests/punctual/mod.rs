//! Runs on real threads in which moments count. A machine that is busy with something else is late, and what
//! comes of that is nobody's fault.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use labrt::world::Run;

/// Who sleeps longer by this than was asked for is late: the tests leave a millisecond between two moments at
/// least.
const LATE: Duration = Duration::from_micros(500);

/// So often a machine may be late before its verdict counts all the same.
const ATTEMPTS: u32 = 50;

/// Runs `attempt` until it passes, and panics if it fails while the machine is on time.
pub fn on_time<T>(attempt: impl Fn() -> Run<T>) {
    for number in 1.. {
        let (run, late) = watching(&attempt);
        let Err(failure) = run.result else { return };
        assert!(late >= LATE && number < ATTEMPTS, "on threads: {failure:?}");
        eprintln!("the machine was {late:?} late: once more");
    }
}

/// What `attempt` answers, and how late the machine was at most meanwhile.
fn watching<T>(attempt: impl Fn() -> T) -> (T, Duration) {
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
        (answer, watch.join().expect("it has nothing to panic about"))
    })
}

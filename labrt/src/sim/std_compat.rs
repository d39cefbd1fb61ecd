//! What lab code asks of std by habit: the time, a sleep, randomness, a thread, a lock.
//!
//! Where the answer can be the run's own, it is: clocks are virtual, a sleep is a sleep of the simulated
//! thread, randomness comes from the seed. What cannot be (a thread of the system, a wait in a lock of std)
//! fails the run and says which name of labrt does the same.

use std::time::Duration;

use rand::Rng;

use super::frames;
use super::simulation::{try_with, with};
use super::watchdog::{ABORT_NOTE, blocked_message};
use crate::raw::process::abort_with_message;
use crate::raw::run_monitor::with_real_std;
use crate::run::failure::FailureKind;
use crate::wait::Wait;

/// So many looks between two scheduling points leave the run's own clock alone. Some locks look at the clock
/// when another OS thread was in the way, and chance must not move the clock.
const FREE_READS: u32 = 1000;

/// So many looks at the clock between two scheduling points: the loop will never end.
const READS_MAX: u32 = 10_000_000;

/// How long a lock of std may really be waited for: another OS thread may hold it for a moment.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(1);

/// The same when the run is over already.
const LOCK_WAIT_MAX_AT_END: Duration = Duration::from_millis(50);

/// Sees to it that what std asks of the system is asked here, where that is possible.
pub(super) fn install() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    crate::raw::interpose::install(crate::raw::interpose::Simulation {
        clock,
        now,
        sleep_until,
        random,
        refuse_thread,
        refuse_wait,
        lock_wait_max,
    });
}

/// Fills `bytes` from the stream of the node at hand. Says whether the OS thread is a simulation's.
fn random(bytes: &mut [u8]) -> bool {
    try_with(|sim| {
        let node = sim.scheduler.try_borrow().ok()?.current_node();
        sim.scheduler.try_borrow_mut().ok()?.nodes[node].entropy.fill_bytes(bytes);
        Some(())
    })
    .flatten()
    .is_some()
}

/// The virtual nanoseconds since the run began, as a clock of std shows them on the current thread's node.
fn clock() -> u64 {
    with(|sim| match sim.scheduler.try_borrow_mut() {
        Ok(mut scheduler) => {
            let (shown, count) = sim.std_clock.read(scheduler.steps, scheduler.now);
            if count > FREE_READS {
                scheduler.now = shown;
            }
            if count > READS_MAX {
                let message = format!(
                    "the thread looked at the clock of std {READS_MAX} times without a call of labrt, while nobody \
                         else could run: it waits for something that cannot come. Wait on a condition variable or a \
                         channel, or use `labrt::thread::sleep`"
                );
                scheduler.fail_here(FailureKind::Livelock, message);
                drop(scheduler);
                sim.wait_forever(Wait::Blocked);
            }
            scheduler.local_at(shown)
        }
        Err(_) => sim.std_clock.shown(),
    })
}

/// The time that the clock of std shows, without a look at it.
fn now() -> u64 {
    with(|sim| {
        let shown = sim.std_clock.shown();
        sim.scheduler.try_borrow().map_or(shown, |scheduler| scheduler.local_at(scheduler.now.max(shown)))
    })
}

/// Lets the simulated thread sleep until a time on its node's clock, in nanoseconds since the run began.
///
/// A thread that is killed meanwhile returns, and unwinds at its next call of labrt: the caller is not made
/// to be unwound through.
fn sleep_until(at: u64) {
    with(|sim| {
        sim.scheduling_point_before_release();
        let ticket = sim.ticket();
        sim.park_without_throw(ticket, Wait::StdSleep, Some(at));
    });
}

/// Fails the run, because lab code wants a thread of the system.
fn refuse_thread() {
    let message =
        "a simulated thread starts a thread of the system, which knows nothing of the virtual clock and \
                   could not be replayed. Use `labrt::thread::spawn` in the place of `std::thread::spawn`"
            .to_owned();
    with(|sim| {
        if let Ok(mut scheduler) = sim.scheduler.try_borrow_mut() {
            scheduler.fail_here(FailureKind::Foreign, message);
        }
    });
}

/// Fails the run, because a simulated thread waits in a lock that only the others could give back, and gives
/// the thread up. `waited`: for so long it did, in real time; `None` if the wait has a time-out and was
/// refused at once.
fn refuse_wait(waited: Option<Duration>) -> ! {
    let frames = with_real_std(frames::capture);
    let message = match (frames::blocking_call(&frames), waited) {
        (Some(blocking), Some(waited)) => blocked_message(blocking, waited),
        (Some(frames::BlockingCall { call, advice }), None) => format!(
            "the thread waits with a time-out in {call}, which knows nothing of the virtual clock. {advice}"
        ),
        (None, _) => {
            "the thread waits in a lock that is none of labrt's: all simulated threads share one OS thread, \
                      and this wait stops them all. Use the locks of `labrt::sync` and the channels of \
                      `labrt::channel`"
                .to_owned()
        }
    };
    if frames::holds_output_lock(&frames) {
        let failure = with(|sim| sim.scheduler.borrow().failure(FailureKind::Blocked, message));
        abort_with_message(&format!("{failure}\n{ABORT_NOTE}\n"));
    }
    with(|sim| {
        if let Ok(mut scheduler) = sim.scheduler.try_borrow_mut() {
            scheduler.fail_here(FailureKind::Blocked, message);
        }
        sim.wait_forever(Wait::Blocked)
    })
}

/// How long a lock of std may be waited for.
fn lock_wait_max() -> Duration {
    let over = with(|sim| sim.scheduler.try_borrow().is_ok_and(|scheduler| scheduler.stop));
    if over { LOCK_WAIT_MAX_AT_END } else { LOCK_WAIT_MAX }
}

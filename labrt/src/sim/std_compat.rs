//! Calls of std by lab code in a simulation: time, sleeps, randomness, threads and locks.
//!
//! Calls that can be simulated are: clocks are virtual, a sleep suspends the simulated thread, randomness
//! comes from the seed. The others (starting an OS thread, waiting for a lock of std) fail the run with a
//! message that names the replacement in labrt.

use std::time::Duration;

use rand::Rng;

use super::frames;
use super::simulation::{try_with, with};
use super::watchdog::{ABORT_NOTE, blocked_message};
use crate::raw::process::abort_with_message;
use crate::raw::run_monitor::with_real_std;
use crate::run::failure::FailureKind;
use crate::wait::Wait;

/// The number of clock reads between two scheduling points that do not advance the run's clock. Some locks
/// read the clock after contention with another OS thread, which must not influence the run.
const FREE_READS: u32 = 1000;

/// The most clock reads between two scheduling points. More are an endless loop.
const READS_MAX: u32 = 10_000_000;

/// The longest wait for a lock of std, in real time: another OS thread may hold it for a moment.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(1);

/// The same after the end of the run.
const LOCK_WAIT_MAX_AT_END: Duration = Duration::from_millis(50);

/// Redirects the system calls of std to this module, on systems where that is possible.
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

/// Fills `bytes` from the stream of the current node. Returns whether the OS thread is a simulation's.
fn random(bytes: &mut [u8]) -> bool {
    try_with(|sim| {
        let node = sim.scheduler.try_borrow().ok()?.current_node();
        sim.scheduler.try_borrow_mut().ok()?.nodes[node].entropy.fill_bytes(bytes);
        Some(())
    })
    .flatten()
    .is_some()
}

/// Reads the clock of std: nanoseconds since the run began, on the clock of the current thread's node.
fn clock() -> u64 {
    with(|sim| match sim.scheduler.try_borrow_mut() {
        Ok(mut scheduler) => {
            let (shown, count) = sim.std_clock.read(scheduler.steps, scheduler.now);
            if count > FREE_READS {
                scheduler.now = shown;
            }
            if count > READS_MAX {
                let message = format!(
                    "the thread read the clock of std {READS_MAX} times without a call of labrt, while no \
                     other thread could run: it waits for something that cannot happen. Wait on a condition \
                     variable or a channel, or use `labrt::thread::sleep`"
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

/// The time of the clock of std, without counting as a read.
fn now() -> u64 {
    with(|sim| {
        let shown = sim.std_clock.shown();
        sim.scheduler.try_borrow().map_or(shown, |scheduler| scheduler.local_at(scheduler.now.max(shown)))
    })
}

/// Lets the simulated thread sleep until a time on its node's clock, in nanoseconds since the run began.
///
/// If the thread is killed meanwhile, this returns and the thread unwinds at its next call of labrt: the
/// caller's frames must not be unwound.
fn sleep_until(at: u64) {
    with(|sim| {
        sim.scheduling_point_before_release();
        let ticket = sim.ticket();
        sim.park_without_throw(ticket, Wait::StdSleep, Some(at));
    });
}

/// Fails the run because lab code starts an OS thread.
fn refuse_thread() {
    let message =
        "a simulated thread starts an OS thread, which does not follow the virtual clock and cannot be \
         replayed. Use `labrt::thread::spawn` instead of `std::thread::spawn`"
            .to_owned();
    with(|sim| {
        if let Ok(mut scheduler) = sim.scheduler.try_borrow_mut() {
            scheduler.fail_here(FailureKind::Foreign, message);
        }
    });
}

/// Fails the run because a simulated thread waits for a lock that only other simulated threads could release,
/// and suspends the thread for good. `waited` is the real time of the wait; `None` if the wait has a timeout
/// and was refused at once.
fn refuse_wait(waited: Option<Duration>) -> ! {
    let frames = with_real_std(frames::capture);
    let message = match (frames::blocking_call(&frames), waited) {
        (Some(blocking_call), Some(waited)) => blocked_message(blocking_call, waited),
        (Some(frames::BlockingCall { call, advice }), None) => format!(
            "the thread waits with a timeout in {call}, which does not follow the virtual clock. {advice}"
        ),
        (None, _) => {
            "the thread waits for a lock that is not labrt's: all simulated threads share one OS thread, \
             which this wait blocks. Use the locks of `labrt::sync` and the channels of `labrt::channel`"
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

/// The longest wait for a lock of std.
fn lock_wait_max() -> Duration {
    let over = with(|sim| sim.scheduler.try_borrow().is_ok_and(|scheduler| scheduler.stop));
    if over { LOCK_WAIT_MAX_AT_END } else { LOCK_WAIT_MAX }
}

//! Information of the system about a thread and the process, and the abort of the process.

use std::time::Duration;

/// The state of an OS thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It runs, is runnable, or waits for a disk.
    Runs,
    /// It sleeps interruptibly.
    Sleeps,
    /// It waits in a write for a reader.
    Writes,
    /// The system does not provide it.
    Unknown,
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    use super::{Activity, Duration};

    /// The processor time of a thread whose handle the caller holds.
    pub(crate) fn cpu_time(thread: libc::pthread_t) -> Option<Duration> {
        let mut clock = 0;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the caller holds the handle of the thread, so that its id is valid; the output variables
        // are local.
        let error = unsafe {
            libc::pthread_getcpuclockid(thread, &raw mut clock) != 0
                || libc::clock_gettime(clock, &raw mut time) != 0
        };
        let seconds = u64::try_from(time.tv_sec).ok()?;
        (!error).then(|| Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0)))
    }

    /// The fields of a thread's `stat` file after its name, which may contain any characters.
    fn stat(number: u32) -> Option<Vec<String>> {
        let text = fs::read_to_string(format!("/proc/self/task/{number}/stat")).ok()?;
        let (_, fields) = text.rsplit_once(')')?;
        Some(fields.split_whitespace().map(str::to_owned).collect())
    }

    pub(crate) fn activity(number: u32) -> Activity {
        match stat(number).as_ref().and_then(|fields| fields.first()).map(String::as_str) {
            Some("S") if writes(number) => Activity::Writes,
            Some("S") => Activity::Sleeps,
            Some(_) => Activity::Runs,
            None => Activity::Unknown,
        }
    }

    /// Whether the thread is in a system call that may wait for a reader.
    fn writes(number: u32) -> bool {
        let call = fs::read_to_string(format!("/proc/self/task/{number}/syscall")).unwrap_or_default();
        let call = call.split_whitespace().next().and_then(|call| call.parse().ok());
        let writing = [libc::SYS_write, libc::SYS_writev, libc::SYS_pwrite64, libc::SYS_sendto];
        call.is_some_and(|call: libc::c_long| writing.contains(&call))
    }

    /// The number of pages that the thread was the first to touch (minor page faults).
    pub(crate) fn pages_touched(number: u32) -> Option<u64> {
        stat(number)?.get(7)?.parse().ok()
    }

    /// The resident memory of the process.
    pub(crate) fn resident_bytes() -> Option<u64> {
        let text = fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
        // SAFETY: it has no conditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        Some(pages * u64::try_from(page).ok()?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Activity, Duration};

    pub(crate) fn cpu_time(_: libc::pthread_t) -> Option<Duration> {
        None
    }

    pub(crate) fn activity(_: u32) -> Activity {
        Activity::Unknown
    }

    pub(crate) fn pages_touched(_: u32) -> Option<u64> {
        None
    }

    pub(crate) fn resident_bytes() -> Option<u64> {
        None
    }
}

pub(crate) use system::{activity, cpu_time, pages_touched, resident_bytes};

/// Writes `text` to the standard error without taking any lock, and aborts the process.
pub(crate) fn abort_with_message(text: &str) -> ! {
    // SAFETY: pointer and length are `text`'s.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    std::process::abort()
}

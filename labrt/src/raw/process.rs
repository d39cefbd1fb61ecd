//! What the system says of a thread and of the process, and a last word.

use std::time::Duration;

/// What an OS thread does at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It runs, or would if it were let; or it waits for a disk.
    Runs,
    /// It waits for something to happen.
    Sleeps,
    /// It waits for somebody to read what it writes.
    Writes,
    /// The system does not say.
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
        // SAFETY: the caller holds the handle of the thread, so that its name is valid; the places are our
        // own.
        let error = unsafe {
            libc::pthread_getcpuclockid(thread, &raw mut clock) != 0
                || libc::clock_gettime(clock, &raw mut time) != 0
        };
        let seconds = u64::try_from(time.tv_sec).ok()?;
        (!error).then(|| Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0)))
    }

    /// The fields of a thread's `stat` behind its name, which may contain anything.
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

    /// Whether it is in one of the system calls that wait for a reader.
    fn writes(number: u32) -> bool {
        let call = fs::read_to_string(format!("/proc/self/task/{number}/syscall")).unwrap_or_default();
        let call = call.split_whitespace().next().and_then(|call| call.parse().ok());
        let writing = [libc::SYS_write, libc::SYS_writev, libc::SYS_pwrite64, libc::SYS_sendto];
        call.is_some_and(|call: libc::c_long| writing.contains(&call))
    }

    /// How often the thread touched a page for the first time.
    pub(crate) fn pages_touched(number: u32) -> Option<u64> {
        stat(number)?.get(7)?.parse().ok()
    }

    /// The memory of the process that is there and not swapped out.
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

/// Writes to the standard error, past all locks, and ends the process.
pub(crate) fn abort_with_message(text: &str) -> ! {
    // SAFETY: the bytes are `text`'s.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    std::process::abort()
}

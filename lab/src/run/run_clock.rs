//! [`RunClock`]: the CPU time and the real time that a worker's current run has taken.

use std::time::{Duration, Instant};

/// Seconds of real time that a run may take for each second of CPU time that it may take.
const REAL_TIME_FACTOR: u32 = 10;

/// A process is idle if its CPU time is at most this fraction (one in 100) of the real time. A process that
/// competes with others for the processor takes more, even on a heavily loaded machine.
const IDLE_FRACTION: u32 = 100;

/// CPU time beyond the limit, for set-up, clean-up and the report.
const MARGIN: Duration = Duration::from_secs(5);

/// The unit of CPU time in `/proc`, on every machine.
const TICKS_PER_SECOND: u64 = 100;

/// The limit that a run exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overtime {
    /// It has taken so much CPU time.
    Processor(Duration),
    /// It has taken so much real time, and hardly ran.
    Real(Duration),
}

/// The time since the begin of a run, in a worker's process.
#[derive(Debug)]
pub(super) struct RunClock {
    process: Option<u32>,
    since: Instant,
    cpu_before: Option<Duration>,
}

impl RunClock {
    /// A clock that starts now. Without a process it measures real time only.
    pub(super) fn new(process: Option<u32>) -> Self {
        Self { process, since: Instant::now(), cpu_before: process.and_then(cpu_time) }
    }

    /// The limit that the run has exceeded, if any. Real time counts only for a process that hardly runs.
    ///
    /// A run ends itself after `limit` of CPU time, or after `patience` more if it never calls labrt. So the
    /// process is stopped after both times and a margin.
    pub(super) fn overtime(&self, limit: Duration, patience: Duration) -> Option<Overtime> {
        let taken = self.cpu_before.zip(self.process.and_then(cpu_time));
        let taken = taken.map(|(before, now)| now.saturating_sub(before));
        if let Some(taken) = taken.filter(|taken| *taken > limit + 2 * patience + MARGIN) {
            return Some(Overtime::Processor(taken));
        }
        let real = self.since.elapsed();
        let longest = limit.saturating_mul(REAL_TIME_FACTOR) + patience;
        let runs = taken.is_some_and(|taken| taken > real / IDLE_FRACTION);
        (real > longest && !runs).then_some(Overtime::Real(real))
    }
}

/// The CPU time of a process, over all threads.
fn cpu_time(process: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The field before, the name, may contain any character.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks = |field: usize| fields.split_whitespace().nth(field)?.parse::<u64>().ok();
    let ticks = ticks(11)? + ticks(12)?;
    Some(Duration::from_millis(1000 / TICKS_PER_SECOND * ticks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(time: Duration) -> Instant {
        Instant::now().checked_sub(time).expect("the machine has been up for longer")
    }

    #[test]
    fn an_idle_process_has_ten_times_the_limit_in_real_time() {
        // The CPU time of this one is unknown.
        let idle = RunClock { since: ago(Duration::from_secs(100)), ..RunClock::new(None) };
        assert_eq!(idle.overtime(Duration::from_secs(11), Duration::ZERO), None);
        let overtime = idle.overtime(Duration::from_secs(9), Duration::ZERO);
        assert!(matches!(overtime, Some(Overtime::Real(time)) if time.as_secs() >= 100), "{overtime:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn real_time_does_not_stop_a_process_that_runs() {
        let me = std::process::id();
        let begin = cpu_time(me).expect("a process of this system");
        while cpu_time(me).expect("a process of this system") < begin + Duration::from_millis(100) {
            std::hint::spin_loop();
        }
        let since = ago(Duration::from_secs(5));
        let busy = RunClock { process: Some(me), since, cpu_before: Some(begin) };
        assert_eq!(busy.overtime(Duration::from_millis(1), Duration::ZERO), None);
        let unknown = RunClock { process: None, since, cpu_before: None };
        assert!(matches!(
            unknown.overtime(Duration::from_millis(1), Duration::ZERO),
            Some(Overtime::Real(_))
        ));
        assert_eq!(cpu_time(u32::MAX), None);
    }
}

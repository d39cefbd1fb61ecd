//! [`Running`]: how long a worker's process has been at a run, in processor time and in real time.

use std::time::{Duration, Instant};

/// Real time that a run may last, for each second of processor time that it may take.
const PATIENCE_WITH_THE_MACHINE: u32 = 10;

/// A process that has taken no more than this part of the real time waits. One that others keep from running
/// takes more, on a machine that is of any use.
const HARDLY: u32 = 100;

/// A run that has taken its time is given so much more for its set-up, its clean-up and its report.
const MARGIN: Duration = Duration::from_secs(5);

/// Linux counts in these, whatever the machine.
const TICKS_A_SECOND: u64 = 100;

/// A run took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overtime {
    /// So much processor time.
    Processor(Duration),
    /// So much real time.
    Real(Duration),
}

/// How long a process has been at something.
#[derive(Debug)]
pub(super) struct Running {
    process: Option<u32>,
    since: Instant,
    cpu_before: Option<Duration>,
}

impl Running {
    /// It begins now. Of a process that is `None` only real time is known.
    pub(super) fn new(process: Option<u32>) -> Self {
        Self { process, since: Instant::now(), cpu_before: process.and_then(cpu_time) }
    }

    /// Whether the process has been at it for too long, when it may take so much processor time. Real time
    /// ends only one that hardly runs.
    ///
    /// The run ends itself after that time, or after `patience` more if it never calls labrt: so its process
    /// is ended when it has taken all of that and a margin.
    pub(super) fn overtime(&self, limit: Duration, patience: Duration) -> Option<Overtime> {
        let taken = self.cpu_before.zip(self.process.and_then(cpu_time));
        let taken = taken.map(|(before, now)| now.saturating_sub(before));
        if let Some(taken) = taken.filter(|taken| *taken > limit + 2 * patience + MARGIN) {
            return Some(Overtime::Processor(taken));
        }
        let real = self.since.elapsed();
        let longest = limit.saturating_mul(PATIENCE_WITH_THE_MACHINE) + patience;
        let runs = taken.is_some_and(|taken| taken > real / HARDLY);
        (real > longest && !runs).then_some(Overtime::Real(real))
    }
}

/// The processor time that all threads of a process have taken together.
fn cpu_time(process: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, which comes before, may contain anything.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks = |field: usize| fields.split_whitespace().nth(field)?.parse::<u64>().ok();
    let ticks = ticks(11)? + ticks(12)?;
    Some(Duration::from_millis(1000 / TICKS_A_SECOND * ticks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(time: Duration) -> Instant {
        Instant::now().checked_sub(time).expect("the machine has been up for longer")
    }

    #[test]
    fn who_does_not_run_is_given_ten_times_as_long() {
        // Of this one no processor time is known.
        let idle = Running { since: ago(Duration::from_secs(100)), ..Running::new(None) };
        assert_eq!(idle.overtime(Duration::from_secs(11), Duration::ZERO), None);
        let overtime = idle.overtime(Duration::from_secs(9), Duration::ZERO);
        assert!(matches!(overtime, Some(Overtime::Real(time)) if time.as_secs() >= 100), "{overtime:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn real_time_does_not_end_who_runs() {
        let me = std::process::id();
        let begin = cpu_time(me).expect("the system tells");
        while cpu_time(me).expect("the system tells") < begin + Duration::from_millis(100) {
            std::hint::spin_loop();
        }
        let since = ago(Duration::from_secs(5));
        let busy = Running { process: Some(me), since, cpu_before: Some(begin) };
        assert_eq!(busy.overtime(Duration::from_millis(1), Duration::ZERO), None);
        let unknown = Running { process: None, since, cpu_before: None };
        assert!(matches!(
            unknown.overtime(Duration::from_millis(1), Duration::ZERO),
            Some(Overtime::Real(_))
        ));
        assert_eq!(cpu_time(u32::MAX), None);
    }
}

//! [`Lost`]: a run whose worker died or hung, and what the end of a process says about it.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use labrt::world::{ABORT_NOTE, FailureKind};

use super::running::Overtime;

/// A run that brought no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The kind of failure.
    pub kind: FailureKind,
    /// How the process ended, in a sentence.
    pub message: String,
    /// The last that the worker printed.
    pub printed: String,
}

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
#[cfg(target_os = "linux")]
const SIGSYS: i32 = 31;
/// 7 on Linux, 10 on macOS; what the other number means there is not sent to a worker.
const SIGBUS: [i32; 2] = [7, 10];

impl Lost {
    /// The run had not ended when its time was up.
    pub(super) fn hung(overtime: Overtime, printed: String) -> Self {
        let message = match overtime {
            Overtime::Processor(time) => format!(
                "the run had not ended after {} s of processor time, and did not hear that it must",
                time.as_secs_f64()
            ),
            Overtime::Real(time) => format!(
                "the run had not ended after {} s of real time, in which it hardly ran: it waits for something outside \
                 of the run that does not come",
                time.as_secs_f64()
            ),
        };
        Self { kind: FailureKind::Timeout, message, printed }
    }

    /// What the worker sent is no report.
    pub(super) fn garbled(cause: &io::Error, printed: String) -> Self {
        let message = format!("the process of the run sent something that is no report: {cause}");
        Self { kind: FailureKind::Unknown, message, printed }
    }

    /// The worker died in the middle of the run; `status` is `None` if it cut the connection and lived on.
    pub(super) fn died(status: Option<ExitStatus>, printed: String) -> Self {
        let Some(status) = status else {
            let message = "the process of the run cut its connection to the tester".to_owned();
            return Self { kind: FailureKind::Abort, message, printed };
        };
        if let Some((kind, message)) = last_verdict(&printed) {
            return Self { kind, message, printed };
        }
        let (kind, reading) = cause_of_death(status, &printed);
        let reading = reading.map(|reading| format!("{reading}; ")).unwrap_or_default();
        Self { kind, message: format!("{reading}the process of the run {}", how(status)), printed }
    }
}

/// What a simulation said of itself before it ended its process, if it did.
fn last_verdict(printed: &str) -> Option<(FailureKind, String)> {
    let (verdict, _) = printed.rsplit_once(ABORT_NOTE)?;
    // What lab code printed comes before it, and need not end with a line.
    let start = |kind: FailureKind| verdict.rfind(&format!("{kind} at ")).map(|start| (start, kind));
    let (start, kind) = FailureKind::ALL.into_iter().filter_map(start).max_by_key(|(start, _)| *start)?;
    Some((kind, verdict[start..].trim_end().to_owned()))
}

/// What the evidence says: the kind of failure, and in words what the bare end of the process does not tell.
fn cause_of_death(status: ExitStatus, printed: &str) -> (FailureKind, Option<&'static str>) {
    match status.signal() {
        // Rust's own words, on the standard error before it aborts.
        Some(SIGABRT) if printed.contains("has overflowed its stack") => {
            (FailureKind::Overflow, Some("a stack overflowed"))
        }
        Some(SIGABRT) if printed.contains("memory allocation of") => {
            (FailureKind::Memory, Some("out of memory"))
        }
        // Without unsafe code there is no other way to an address that is not mapped than the end
        // of a stack. A coroutine's stack is unknown to Rust, so it dies without a word.
        Some(signal) if signal == SIGSEGV || SIGBUS.contains(&signal) => {
            (FailureKind::Overflow, Some("most likely a stack overflow (endless recursion?)"))
        }
        #[cfg(target_os = "linux")]
        Some(SIGSYS) => (
            FailureKind::Abort,
            Some("lab code asked the system for what only the harness may do, such as to use its connection"),
        ),
        Some(SIGKILL) => (FailureKind::Memory, Some("most likely killed by the system for want of memory")),
        _ => (FailureKind::Abort, None),
    }
}

fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("left with status {code} before the run had ended"),
        (None, None) => "ended before the run had".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_decides_the_kind() {
        // A wait status as the system gives it: a signal's number, or an exit code times 256.
        for (status, printed, kind, says) in [
            (6, "", FailureKind::Abort, "the process of the run was ended by signal 6"),
            (6, "thread 'main' has overflowed its stack", FailureKind::Overflow, "a stack overflowed; "),
            (6, "memory allocation of 99 bytes failed", FailureKind::Memory, "out of memory; "),
            (11, "", FailureKind::Overflow, "signal 11"),
            (9, "", FailureKind::Memory, "signal 9"),
            #[cfg(target_os = "linux")]
            (31, "", FailureKind::Abort, "only the harness may do"),
            (0, "", FailureKind::Abort, "left with status 0"),
            (3 * 256, "", FailureKind::Abort, "left with status 3"),
        ] {
            let lost = Lost::died(Some(ExitStatus::from_raw(status)), printed.to_owned());
            assert_eq!(lost.kind, kind, "status {status}, {printed:?}");
            assert!(lost.message.contains(says), "{:?} does not say {says:?}", lost.message);
        }
    }
}

//! [`Lost`]: a run whose worker died or hung, and the kind of failure that the evidence suggests.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use labrt::world::{ABORT_NOTE, FailureKind};

use super::run_clock::Overtime;

/// A run without a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The end of the process, in a sentence.
    pub message: String,
    /// The end of the worker's output.
    pub printed: String,
}

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
#[cfg(target_os = "linux")]
const SIGSYS: i32 = 31;
/// 7 on Linux, 10 on macOS. Neither system sends a worker the signal that has the other number.
const SIGBUS: [i32; 2] = [7, 10];

impl Lost {
    /// The run did not end within its time.
    pub(super) fn hung(overtime: Overtime, printed: String) -> Self {
        let message = match overtime {
            Overtime::Processor(time) => format!(
                "the run had not ended after {} s of processor time, and did not react to that limit",
                time.as_secs_f64()
            ),
            Overtime::Real(time) => format!(
                "the run had not ended after {} s of real time, in which it hardly ran: it waits for \
                 something outside the simulation",
                time.as_secs_f64()
            ),
        };
        Self { kind: FailureKind::Timeout, message, printed }
    }

    /// The worker sent a malformed reply.
    pub(super) fn garbled(cause: &io::Error, printed: String) -> Self {
        let message = format!("the process of the run sent a malformed report: {cause}");
        Self { kind: FailureKind::Unknown, message, printed }
    }

    /// The worker died during the run; `status` is `None` if it closed the connection and did not exit.
    pub(super) fn died(status: Option<ExitStatus>, printed: String) -> Self {
        let Some(status) = status else {
            let message = "the process of the run closed its connection to the command".to_owned();
            return Self { kind: FailureKind::Abort, message, printed };
        };
        if let Some((kind, message)) = last_verdict(&printed) {
            return Self { kind, message, printed };
        }
        let (kind, cause) = diagnose(status, &printed);
        let cause = cause.map(|cause| format!("{cause}; ")).unwrap_or_default();
        Self { kind, message: format!("{cause}the process of the run {}", exit(status)), printed }
    }
}

/// The verdict that a simulation printed before it aborted its process, if it did.
fn last_verdict(printed: &str) -> Option<(FailureKind, String)> {
    let (verdict, _) = printed.rsplit_once(ABORT_NOTE)?;
    // Output of lab code comes before it, and need not end with a line break.
    let start = |kind: FailureKind| verdict.rfind(&format!("{kind} at ")).map(|start| (start, kind));
    let (start, kind) = FailureKind::ALL.into_iter().filter_map(start).max_by_key(|(start, _)| *start)?;
    Some((kind, verdict[start..].trim_end().to_owned()))
}

/// The kind of failure that the evidence suggests, and the probable cause if the exit status does not state
/// it.
fn diagnose(status: ExitStatus, printed: &str) -> (FailureKind, Option<&'static str>) {
    match status.signal() {
        // Messages of Rust's runtime, printed before it aborts.
        Some(SIGABRT) if printed.contains("has overflowed its stack") => {
            (FailureKind::Overflow, Some("a stack overflowed"))
        }
        Some(SIGABRT) if printed.contains("memory allocation of") => {
            (FailureKind::Memory, Some("out of memory"))
        }
        // Without unsafe code, only a stack overflow reaches an unmapped address. Rust's runtime does not
        // know the stacks of coroutines, so it prints no message.
        Some(signal) if signal == SIGSEGV || SIGBUS.contains(&signal) => {
            (FailureKind::Overflow, Some("most likely a stack overflow (endless recursion?)"))
        }
        #[cfg(target_os = "linux")]
        Some(SIGSYS) => (
            FailureKind::Abort,
            Some("lab code did what only the harness may do, such as a system call on its connection"),
        ),
        Some(SIGKILL) => {
            (FailureKind::Memory, Some("most likely killed by the system because memory ran out"))
        }
        _ => (FailureKind::Abort, None),
    }
}

fn exit(status: ExitStatus) -> String {
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
            (31, "", FailureKind::Abort, "what only the harness may do"),
            (0, "", FailureKind::Abort, "left with status 0"),
            (3 * 256, "", FailureKind::Abort, "left with status 3"),
        ] {
            let lost = Lost::died(Some(ExitStatus::from_raw(status)), printed.to_owned());
            assert_eq!(lost.kind, kind, "status {status}, {printed:?}");
            assert!(lost.message.contains(says), "{:?} does not say {says:?}", lost.message);
        }
    }
}

//! The lines that a test prints when it begins and when it ends.
//!
//! They are the course's, so that both outputs can be compared, with additional figures of the simulation:
//! bytes sent, commands agreed on, CPU time. `time` is virtual time.

use crate::{Case, Report};

/// The kind of failure for code that is not written yet.
const NOT_IMPLEMENTED: &str = "not_implemented";

/// Sums over the runs of one test.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Runs that have ended.
    pub runs: u64,
    /// Runs that passed.
    pub passed: u64,
    /// Runs that ended at something not implemented yet, as by `todo!()`.
    pub not_implemented: u64,
    /// The number of servers.
    pub peers: usize,
    /// Virtual seconds since the beginning of the test, as in the course.
    pub virtual_seconds: f64,
    /// Seconds of CPU time.
    pub cpu_seconds: f64,
    /// RPCs sent, those that failed included.
    pub rpcs: u64,
    /// Bytes of arguments and replies.
    pub bytes: u64,
    /// Commands that the servers agreed on.
    pub commands: u64,
    /// Operations that clients began.
    pub operations: u64,
}

impl Tally {
    /// Adds a run.
    pub fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.passed += u64::from(report.failure.is_none());
        let unfinished = report.failure.as_ref().is_some_and(|failure| failure.kind == NOT_IMPLEMENTED);
        self.not_implemented += u64::from(unfinished);
        self.peers = report.peers;
        self.virtual_seconds += report.virtual_seconds;
        self.cpu_seconds += report.cpu_seconds;
        self.rpcs += report.rpcs;
        self.bytes += report.bytes;
        self.commands += report.commands;
        self.operations += report.operations;
    }

    /// The tally of one run.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut tally = Self::default();
        tally.add(report);
        tally
    }

    /// Whether every run passed.
    #[must_use]
    pub fn all_passed(&self) -> bool {
        self.passed == self.runs
    }

    /// A sum as its mean over the runs; 0 without runs.
    #[must_use]
    pub fn mean(&self, sum: f64) -> f64 {
        if self.runs == 0 { 0.0 } else { sum / self.runs as f64 }
    }
}

/// The line that a test prints when it begins: `Test (3A): initial election (reliable network)...`
#[must_use]
pub fn opening(case: &Case, reliable: bool) -> String {
    let network = if reliable { "reliable" } else { "unreliable" };
    format!("{} ({network} network)...", case.title)
}

/// The line that a test prints when its runs have ended.
///
/// ```text
///   ... Passed --  time  3.1s #peers 3 #RPCs    62 #Ops    0 #bytes  14.2k #cmds    0 cpu 0.8ms
///   ... Passed 10/10 --  time  3.1s …                        (several runs: means)
///   ... FAILED 9/10 --  time  3.1s …                         (9 of 10 runs passed)
/// ```
///
/// As in the course the number of operations counts those of a clerk, of which Raft has none.
#[must_use]
pub fn closing(tally: &Tally) -> String {
    let count = match tally.runs {
        0 | 1 => String::new(),
        runs => format!(" {}/{runs}", tally.passed),
    };
    format!("  ... {}{count} --  {}", verdict(tally), figures(tally))
}

/// `Passed`, `FAILED`, or `NOT IMPLEMENTED` if all runs ended at something not implemented.
#[must_use]
pub fn verdict(tally: &Tally) -> &'static str {
    if tally.all_passed() {
        "Passed"
    } else if tally.not_implemented == tally.runs {
        "NOT IMPLEMENTED"
    } else {
        "FAILED"
    }
}

/// The figures of a closing line, as means over the runs.
#[must_use]
pub fn figures(tally: &Tally) -> String {
    let mean = |sum: f64| tally.mean(sum);
    format!(
        "time {:4.1}s #peers {} #RPCs {:5.0} #Ops {:4.0} #bytes {:>6} #cmds {:4.0} cpu {}",
        mean(tally.virtual_seconds),
        tally.peers,
        mean(tally.rpcs as f64),
        mean(tally.operations as f64),
        bytes(mean(tally.bytes as f64)),
        mean(tally.commands as f64),
        milliseconds(mean(tally.cpu_seconds)),
    )
}

/// Bytes in at most six columns: `812`, `14.2k`, `3.1M`.
#[must_use]
pub fn bytes(count: f64) -> String {
    match count {
        ..1e3 => format!("{count:.0}"),
        ..1e6 => format!("{:.1}k", count / 1e3),
        _ => format!("{:.1}M", count / 1e6),
    }
}

/// Seconds as milliseconds with one decimal.
#[must_use]
pub fn milliseconds(seconds: f64) -> String {
    format!("{:.1}ms", seconds * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReportedFailure;
    use crate::registry::all_cases;

    fn report() -> Report {
        Report {
            test: "initial_election_3a".to_owned(),
            seed: 1,
            failure: None,
            fingerprint: 0,
            reliable: true,
            peers: 3,
            plan: None,
            virtual_seconds: 3.05,
            cpu_seconds: 0.0008,
            rpcs: 62,
            bytes: 14_200,
            commands: 0,
            operations: 0,
            warnings: Vec::new(),
            broken: Vec::new(),
            unseen: Vec::new(),
            analysed: false,
            situations: Vec::new(),
            recording: None,
            log: Vec::new(),
        }
    }

    fn failed() -> Report {
        let failure = ReportedFailure {
            kind: "assertion".to_owned(),
            message: "expected one leader".to_owned(),
            at_seconds: 1.0,
            node: "tester".to_owned(),
            thread: "main".to_owned(),
            location: None,
            backtrace: None,
        };
        Report { failure: Some(failure), rpcs: 38, ..report() }
    }

    #[test]
    fn opens_as_the_course_does() {
        let case =
            all_cases().iter().find(|case| case.name == "initial_election_3a").expect("the first test");
        assert_eq!(opening(case, true), "Test (3A): initial election (reliable network)...");
        assert_eq!(opening(case, false), "Test (3A): initial election (unreliable network)...");
    }

    #[test]
    fn closes_as_the_course_does_and_adds_to_it() {
        assert_eq!(
            closing(&Tally::of(&report())),
            "  ... Passed --  time  3.0s #peers 3 #RPCs    62 #Ops    0 #bytes  14.2k #cmds    0 cpu 0.8ms"
        );
    }

    #[test]
    fn several_runs_close_with_means_and_a_count() {
        let mut tally = Tally::of(&report());
        tally.add(&failed());
        assert_eq!((tally.runs, tally.passed), (2, 1));
        let line = closing(&tally);
        assert!(line.starts_with("  ... FAILED 1/2 --  time  3.0s #peers 3 #RPCs    50"), "{line}");
    }

    #[test]
    fn not_implemented_is_distinguished_from_failed() {
        let mut unfinished = failed();
        unfinished.failure.as_mut().expect("it failed").kind = "not_implemented".to_owned();
        let mut tally = Tally::of(&unfinished);
        assert_eq!(verdict(&tally), "NOT IMPLEMENTED");
        tally.add(&failed());
        assert_eq!(verdict(&tally), "FAILED");
        assert_eq!(verdict(&Tally::of(&report())), "Passed");
    }

    #[test]
    fn the_widest_usual_line_fits_a_hundred_columns() {
        let mut tally = Tally::of(&Report {
            virtual_seconds: 120.0,
            rpcs: 99_999,
            bytes: 999_900_000,
            commands: 9_999,
            cpu_seconds: 0.9999,
            ..report()
        });
        assert!(closing(&tally).len() <= 100, "{}", closing(&tally));
        tally = Tally { runs: 10, passed: 10, peers: 3, ..Tally::default() };
        assert!(closing(&tally).len() <= 100, "{}", closing(&tally));
    }

    #[test]
    fn bytes_are_short() {
        assert_eq!(bytes(812.0), "812");
        assert_eq!(bytes(14_200.0), "14.2k");
        assert_eq!(bytes(115_000.0), "115.0k");
        assert_eq!(bytes(3_100_000.0), "3.1M");
    }
}

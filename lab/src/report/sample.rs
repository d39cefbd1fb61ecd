//! Runs for the tests of this crate.

use tester::{BrokenRule, Explanation, Report, ReportedFailure, RuleEvent};

use super::failure::Failure;
use crate::run::{Job, Outcome, Run};

/// A run of the first test. If there is a message, the run failed with it; if there is a rule, the run was
/// analysed, and server 2 broke that rule.
pub(crate) fn run(seed: u64, failure: Option<&str>, rule: Option<&str>) -> Run {
    let case = &tester::cases()[0];
    let failure = failure.map(|message| ReportedFailure {
        kind: "assertion".to_owned(),
        message: message.to_owned(),
        at_seconds: 4.433,
        node: "server 1".to_owned(),
        thread: "ticker".to_owned(),
        location: None,
        backtrace: None,
    });
    let report = Report {
        test: case.name.to_owned(),
        seed,
        failure,
        fingerprint: 1,
        reliable: true,
        peers: 3,
        plan: None,
        virtual_seconds: 2.0,
        cpu_seconds: 0.5,
        rpcs: 10,
        bytes: 100,
        commands: 1,
        operations: 0,
        warnings: vec!["a lock was held across a wait".to_owned()],
        broken: rule.map(broken).into_iter().collect(),
        unseen: Vec::new(),
        analysed: rule.is_some(),
        situations: Vec::new(),
        recording: None,
        log: Vec::new(),
    };
    let explanation = Explanation::of(&report);
    Run {
        job: Job { position: seed, case, seed },
        plan: None,
        outcome: Outcome::Reported(Box::new(report)),
        explanation,
    }
}

/// The failure of such a run.
pub(crate) fn failure(seed: u64, message: &str, rule: Option<&str>) -> Failure {
    Failure::of(&run(seed, Some(message), rule)).expect("it failed").0
}

/// A rule that server 2 broke at 2.433 s, with three events.
pub(crate) fn broken(id: &str) -> BrokenRule {
    let event = |number, time, what: &str| RuleEvent {
        number,
        time,
        server: "server 2".to_owned(),
        what: what.to_owned(),
    };
    BrokenRule {
        id: id.to_owned(),
        text: "Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm".to_owned(),
        headline: "server 2 accepted an AppendEntries of an older term".to_owned(),
        server: "server 2".to_owned(),
        at_seconds: 2.433,
        location: Some("raft/src/replication.rs:120".to_owned()),
        events: vec![
            event(58, 2.228, "server 2 joins term 2   request_vote #58 0→2 {term 2}"),
            event(74, 2.433, "append_entries #74 1→2  {term 1, prev 16@1, entries [17@1]}"),
            event(75, 2.433, "server 2 answers        {term 2, success}"),
        ],
        progress: false,
    }
}

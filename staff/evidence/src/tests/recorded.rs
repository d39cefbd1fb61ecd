//! [`Recorded`]: a run of the reference, and its stream.

use lab::COMPILED_IN;
use lab::run::Header;
use tester::{Case, Detail, Report, RunOptions, cases, run, seed};

use super::super::{Amounts, Claim, Flaw, amounts_of, check};

/// A run of the reference, with its stream as a worker sends it.
pub(super) struct Recorded {
    case: &'static Case,
    pub(super) report: Report,
    pub(super) header: Header,
    /// The events, one a line.
    pub(super) lines: Vec<String>,
}

impl Recorded {
    pub(super) fn of(name: &str, seed: u64) -> Self {
        Self::of_case(cases().iter().find(|case| case.name == name).expect("a test"), seed)
    }

    pub(super) fn of_case(case: &'static Case, number: u64) -> Self {
        let options = RunOptions { detail: Detail::Outlined, ..RunOptions::new(number) };
        let mut report = run(case, &COMPILED_IN[0], &options);
        let recording = report.recording.take().expect("it was recorded");
        let nanoseconds = |time: std::time::Duration| u64::try_from(time.as_nanos()).expect("a short time");
        let header = Header {
            schema: 1,
            test: case.name.to_owned(),
            seed: seed::format(number),
            solution: "reference".to_owned(),
            policy: "random".to_owned(),
            left_out: recording.left_out(),
            without_contents: recording.without_contents(),
            log_left_out: 0,
            began_after: recording.began().map(|began| began.after),
            began_ns: recording.began().map(|began| nanoseconds(began.at)),
            ended_ns: recording.ended().map(nanoseconds),
        };
        let line = |event: &tester::Recorded| {
            let mut line = String::new();
            event.write_outline(&mut line);
            line
        };
        let lines = recording.events().iter().map(line).collect();
        Self { case, report, header, lines }
    }

    /// The stream as a text.
    pub(super) fn text(&self) -> String {
        let mut text = serde_json::to_string(&self.header).expect("JSON") + "\n";
        for line in &self.lines {
            text += line;
            text += "\n";
        }
        text
    }

    fn claim(&self) -> Claim<'_> {
        Claim { case: self.case, solution: "reference", policy: "random", report: &self.report }
    }

    pub(super) fn check(&self) -> Result<(), Flaw> {
        self.check_text(self.text().as_bytes())
    }

    pub(super) fn check_text(&self, text: &[u8]) -> Result<(), Flaw> {
        check(text, &self.claim())
    }

    pub(super) fn amounts(&self) -> Result<Amounts, Flaw> {
        amounts_of(self.text().as_bytes(), &self.claim())
    }
}

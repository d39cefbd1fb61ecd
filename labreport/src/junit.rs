//! JUnit XML. Every text is escaped visibly, because XML cannot represent some characters, not even as
//! character references.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::text::{cut, one_line};
use crate::{Detail, TestReport};

/// A file: suites of cases.
#[derive(Debug)]
pub struct Document {
    report: Report,
    limit: usize,
}

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The class, such as a part of a lab; empty for none.
    pub class: String,
    /// The duration.
    pub time: Option<Duration>,
    /// Further properties, by name.
    pub properties: Vec<(&'static str, String)>,
    /// The outcome.
    pub status: Status,
}

/// The outcome of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The case passed.
    Passed,
    /// It did not run.
    Skipped,
    /// It failed.
    Failed(Reason),
    /// Something other than the code under test failed.
    Error(Reason),
}

/// The reason why a case did not pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// The kind, such as `panic`.
    pub kind: String,
    /// The message.
    pub message: String,
    /// The details, in several lines. The writer does not cut them: whoever makes the text knows where it can
    /// be cut.
    pub description: String,
}

impl Case {
    /// The case of a test.
    #[must_use]
    pub fn of(test: &TestReport, detail: &Detail) -> Self {
        Self {
            name: test.name.clone(),
            class: test.part.clone(),
            time: test.time,
            properties: test.properties.clone(),
            status: Status::of(test, detail),
        }
    }
}

impl Case {
    /// The case of the runs of a test that were not made, if there are some.
    fn not_made(test: &TestReport) -> Option<Self> {
        (test.not_made > 0).then(|| Self {
            name: format!("{}, runs that were not made", test.name),
            class: test.part.clone(),
            time: None,
            properties: vec![("not_made", test.not_made.to_string())],
            status: Status::Skipped,
        })
    }
}

impl Status {
    fn of(test: &TestReport, detail: &Detail) -> Self {
        if test.runs == 0 {
            return Self::Skipped;
        }
        if test.failed == 0 {
            return Self::Passed;
        }
        let mut description = format!("{} of {} runs failed\n", test.failed, test.runs);
        for failure in test.failures.iter().take(detail.causes) {
            let heading = one_line(&failure.heading, detail.message);
            let kind = one_line(&failure.kind, detail.message).replace('_', " ");
            let message = cut(&failure.message, detail.message).replace('\n', "\n  ");
            let replay = one_line(&failure.replay, detail.message);
            description += &format!("{heading}: {kind}: {message}\n");
            for line in failure.rule.iter().chain(&failure.faults) {
                description += &format!("  {}\n", one_line(line, detail.message));
            }
            description += &format!("  {replay}\n");
        }
        if test.failures.len() > detail.causes {
            description += &format!("and {} more\n", test.failures.len() - detail.causes);
        }
        let first = test.failures.first();
        let (kind, message) = first.map(|it| (it.kind.clone(), it.message.clone())).unwrap_or_default();
        Self::Failed(Reason { kind, message, description })
    }
}

impl Document {
    /// A document of this name, whose names and messages have at most `limit` characters.
    #[must_use]
    pub fn new(name: &str, limit: usize) -> Self {
        Self { report: Report::new(one_line(name, limit)), limit }
    }

    /// Adds a suite.
    pub fn suite(&mut self, name: &str, cases: impl IntoIterator<Item = Case>) {
        let mut suite = TestSuite::new(one_line(name, self.limit));
        suite.add_test_cases(cases.into_iter().map(|case| self.case(case)));
        self.report.add_test_suite(suite);
    }

    /// Adds the tests of a report, in a suite for each part. Tests of a part follow one another.
    pub fn tests(&mut self, tests: &[TestReport], detail: &Detail) {
        for of_part in tests.chunk_by(|a, b| a.part == b.part) {
            let cases = of_part.iter().flat_map(|test| [Some(Case::of(test, detail)), Case::not_made(test)]);
            self.suite(&of_part[0].part, cases.flatten());
        }
    }

    fn case(&self, case: Case) -> TestCase {
        let mut written = TestCase::new(one_line(&case.name, self.limit), self.status(case.status));
        if !case.class.is_empty() {
            written.set_classname(one_line(&case.class, self.limit));
        }
        if let Some(time) = case.time {
            written.set_time(time);
        }
        for (name, value) in case.properties {
            written.add_property((name, &*one_line(&value, self.limit)));
        }
        written
    }

    fn status(&self, status: Status) -> TestCaseStatus {
        let (kind, reason) = match status {
            Status::Passed => return TestCaseStatus::success(),
            Status::Skipped => return TestCaseStatus::skipped(),
            Status::Failed(reason) => (NonSuccessKind::Failure, reason),
            Status::Error(reason) => (NonSuccessKind::Error, reason),
        };
        let mut status = TestCaseStatus::non_success(kind);
        if !reason.kind.is_empty() {
            status.set_type(one_line(&reason.kind, self.limit));
        }
        if !reason.message.is_empty() {
            status.set_message(cut(&reason.message, self.limit));
        }
        status.set_description(cut(&reason.description, usize::MAX));
        status
    }

    /// The text of the file.
    ///
    /// # Panics
    ///
    /// Never: every document has a form in XML.
    #[must_use]
    pub fn text(&self) -> String {
        self.report.to_string().expect("visible text has a form in XML")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureReport;

    const FULL: Detail = Detail { message: 1000, log: 0, causes: 10, lines: 10 };

    #[test]
    fn runs_that_were_not_made_are_skipped() {
        let test =
            |not_made| TestReport { name: "a_3a".to_owned(), runs: 20, not_made, ..TestReport::default() };
        let mut document = Document::new("lab", 1000);
        document.tests(&[test(980), test(0)], &FULL);
        let text = document.text();
        assert_eq!(text.matches("<skipped/>").count(), 1, "{text}");
        assert!(text.contains(r#"name="a_3a, runs that were not made""#), "{text}");
        assert!(text.contains(r#"<property name="not_made" value="980"/>"#), "{text}");
    }

    #[test]
    fn the_rule_that_explains_a_failure_stands_below_its_message() {
        let failure = FailureReport {
            heading: "seed 0x1".to_owned(),
            kind: "assertion".to_owned(),
            message: "lost 3".to_owned(),
            rule: vec!["broken rule [AE1]: <b>".to_owned(), " 1  2.0 \u{1b}[2J".to_owned()],
            faults: vec!["the fault plan (1 fault; this seed draws 30):".to_owned()],
            replay: "cargo lab replay".to_owned(),
        };
        let test = TestReport {
            name: "a_3a".to_owned(),
            runs: 1,
            failed: 1,
            failures: vec![failure],
            ..TestReport::default()
        };
        let mut document = Document::new("lab", 1000);
        document.tests(&[test], &FULL);
        let text = document.text();
        let expected = "assertion: lost 3\n  broken rule [AE1]: &lt;b&gt;\n   1  2.0 \\u{1b}[2J\n  \
             the fault plan (1 fault; this seed draws 30):\n  cargo lab replay";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn every_text_has_a_form_in_xml() {
        // Every character of the basic plane: XML cannot represent most of the first ones.
        let all: String = (0..=0x1_0fff).filter_map(char::from_u32).collect();
        let hostile = format!("]]> <!-- &amp; {all}");
        let mut document = Document::new(&hostile, usize::MAX);
        let reason = |text: &str| Reason {
            kind: text.to_owned(),
            message: text.to_owned(),
            description: text.to_owned(),
        };
        let case = |status| Case {
            name: hostile.clone(),
            class: hostile.clone(),
            time: None,
            properties: vec![("title", hostile.clone())],
            status,
        };
        document
            .suite(&hostile, [case(Status::Failed(reason(&hostile))), case(Status::Error(reason(&hostile)))]);
        let text = document.text();
        // Character by character, as XML 1.0 allows them; those that are written by number would be escapes
        // of these.
        let is_layout = |c: char| matches!(c, '\t' | '\n' | '\r');
        let is_text = |c: char| matches!(c, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        let allowed = |c: char| is_layout(c) || is_text(c);
        assert!(text.chars().all(allowed), "{:?}", text.chars().find(|&c| !allowed(c)));
        for forbidden in ["&#x0;", "&#0;", "&#27;", "&#x1b;", "&#xfffe;", "&#65534;"] {
            assert!(!text.to_lowercase().contains(forbidden), "{forbidden}");
        }
        assert!(text.contains(r"\u{1b}") && text.contains(r"\u{fffe}"));
    }
}

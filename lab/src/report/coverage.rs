//! Coverage: the situations that the runs of each lab came to, for `lab test --coverage`.

use std::collections::BTreeMap;

use labreport::results::{CoveredSituation, LabCoverage};
use tester::{Case, Report, labs};

/// The number of runs that came to each situation, by test.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// By the name of the test.
    tests: BTreeMap<&'static str, Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    runs: u64,
    /// By the name of the situation.
    situations: BTreeMap<&'static str, u64>,
}

impl Coverage {
    /// Counts a run that was watched.
    pub(crate) fn add(&mut self, case: &'static Case, report: &Report) {
        let counts = self.tests.entry(case.name).or_default();
        counts.runs += 1;
        // A name that no lab knows is the invention of a process that lab code has taken over.
        let lab = labs().iter().find(|lab| lab.has_part(case.part));
        for situation in lab.into_iter().flat_map(|lab| (lab.situations)()) {
            if report.situations.iter().any(|name| name == situation.name) {
                *counts.situations.entry(situation.name).or_default() += 1;
            }
        }
    }

    /// The situations of each lab of which tests ran and that names some. The tests of a lab on top of
    /// another one count for their own lab alone.
    pub(crate) fn of_labs(&self) -> Vec<LabCoverage> {
        let mut coverage = Vec::new();
        for lab in labs() {
            let cases = (lab.cases)();
            let counts: Vec<&Counts> = cases.iter().filter_map(|case| self.tests.get(case.name)).collect();
            let situations = (lab.situations)().into_iter().map(|situation| CoveredSituation {
                name: situation.name.to_owned(),
                text: situation.text.to_owned(),
                runs: counts.iter().filter_map(|counts| counts.situations.get(situation.name)).sum(),
            });
            let situations: Vec<_> = situations.collect();
            if !counts.is_empty() && !situations.is_empty() {
                let runs = counts.iter().map(|counts| counts.runs).sum();
                coverage.push(LabCoverage { lab: lab.krate.to_owned(), runs, situations });
            }
        }
        coverage
    }
}

/// The coverage of a lab as lines: what runs came to, the most frequent first, and then what none came to.
pub(crate) fn lines(coverage: &LabCoverage) -> Vec<String> {
    let LabCoverage { lab, runs, situations } = coverage;
    let (mut seen, never): (Vec<_>, Vec<_>) = situations.iter().partition(|situation| situation.runs > 0);
    seen.sort_by_key(|situation| std::cmp::Reverse(situation.runs));
    let title = format!("{lab}: {} of {} situations in {runs} watched runs", seen.len(), situations.len());
    let line = |count: String, it: &CoveredSituation| format!("  {count:>7}  {}: {}", it.name, it.text);
    let seen = seen.iter().map(|it| line(it.runs.to_string(), it));
    let never = never.iter().map(|it| line("never".to_owned(), it));
    [title].into_iter().chain(seen).chain(never).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::run::Outcome;

    #[test]
    fn runs_are_counted_for_the_lab_of_their_test_and_unknown_names_are_not() {
        let mut coverage = Coverage::default();
        // Also where its tests are not released.
        let raft = labs().iter().find(|lab| lab.krate == "raft").expect("a lab");
        let cases = Vec::leak((raft.cases)());
        let case = &cases[0];
        for names in [&["two_candidates", "invented"][..], &["two_candidates", "all_down"], &[]] {
            let Outcome::Reported(mut report) = sample::run(1, None, None).outcome else { panic!("lost") };
            report.situations = names.iter().map(|&name| name.to_owned()).collect();
            coverage.add(case, &report);
        }
        let labs = coverage.of_labs();
        let [raft] = &labs[..] else { panic!("{labs:?}") };
        assert_eq!((&*raft.lab, raft.runs), ("raft", 3));
        let runs = |name: &str| raft.situations.iter().find(|it| it.name == name).map(|it| it.runs);
        assert_eq!(
            [runs("two_candidates"), runs("all_down"), runs("entries_refused"), runs("invented")],
            [Some(2), Some(1), Some(0), None]
        );
        let lines = lines(raft);
        assert!(lines[0].starts_with("raft: 2 of "), "{lines:#?}");
        assert!(lines[1].starts_with("        2  two_candidates: "), "{lines:#?}");
        assert!(lines[3].starts_with("    never  "), "{lines:#?}");
        assert_eq!(lines.len(), raft.situations.len() + 1);
    }
}

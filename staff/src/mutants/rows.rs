//! Rows of a [matrix](super::matrix): a solution is run, and its runs are summed up.

use lab::error::CommandError;
use tester::{Case, seed};

use super::cost::{Cost, median_to_catch};
use super::matrix::{CatchingTest, Caught, RightRow, WrongRow};
use super::order::{Job, of_one, soonest, whole};
use super::trial::{Made, Trials};
use super::{RightSolution, WrongSolution};

/// The number of hanging runs of a test after which its remaining runs are left out: each takes seconds.
const HANGING: usize = 3;

/// The runs that a command asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// Runs of each test, over consecutive seeds.
    pub(super) runs: u32,
    /// The first seed.
    pub(super) first_seed: u64,
    /// Whether all runs are made, also when the outcome is known.
    pub(super) whole: bool,
}

/// Runs a wrong solution. Unless all runs are made, they end with the first that fails; that one's test is
/// run over all seeds then, for its figures, but not if runs of it hang.
pub(super) fn of_wrong(
    trials: &Trials,
    wrong: &WrongSolution,
    tests: &[&'static Case],
    extent: Extent,
) -> Result<WrongRow, CommandError> {
    let Extent { runs, first_seed, whole: all } = extent;
    let mut made = if all {
        every_run(tests, extent, |jobs| trials.carry_out(&wrong.name, jobs, false))?
    } else {
        trials.carry_out(&wrong.name, soonest(wrong, tests, runs, first_seed), true)?
    };
    let first = made.iter().find(|run| run.failed());
    let caught = first.and_then(caught);
    if let Some(first) = first.filter(|run| !all && !run.hung) {
        let of_test = |run: &Made| run.case.name == first.case.name;
        let known: Vec<u64> = made.iter().filter(|run| of_test(run)).map(|run| run.seed).collect();
        let mut rest = of_one(first.case, runs, first_seed);
        rest.retain(|(_, seed)| !known.contains(seed));
        made.extend(trials.carry_out(&wrong.name, rest, false)?);
    }
    Ok(WrongRow {
        name: wrong.name.clone(),
        base: wrong.base_name().to_owned(),
        frozen: wrong.frozen,
        first: caught,
        tests: tests.iter().filter_map(|case| catching(case, &made)).collect(),
        cpu_seconds_to_catch: if all { whole_to_catch(&made) } else { None },
        runs: made.len() as u64,
        cpu_seconds: cpu_seconds(&made),
    })
}

/// Runs a right solution, up to the first run that fails unless all runs are made.
pub(super) fn of_right(
    trials: &Trials,
    right: &RightSolution,
    tests: &[&'static Case],
    extent: Extent,
) -> Result<RightRow, CommandError> {
    let Extent { runs, first_seed, whole: all } = extent;
    let made = if all {
        every_run(tests, extent, |jobs| trials.carry_out(&right.name, jobs, false))?
    } else {
        trials.carry_out(&right.name, whole(tests, runs, first_seed), true)?
    };
    Ok(RightRow {
        name: right.name.clone(),
        runs: made.len() as u64,
        cpu_seconds: cpu_seconds(&made),
        failed: made.iter().filter_map(caught).collect(),
    })
}

fn cpu_seconds(made: &[Made]) -> f64 {
    made.iter().map(|run| run.cpu_seconds).sum()
}

/// The failure of a run, if it failed.
fn caught(run: &Made) -> Option<Caught> {
    let failure = run.failure.as_ref()?;
    Some(Caught {
        test: run.case.name.to_owned(),
        seed: seed::format(run.seed),
        kind: failure.kind.clone(),
        message: failure.message.clone(),
        first_broken: failure.first_broken().map(|rule| rule.id.clone()),
    })
}

/// The figures of a test, if a run of it failed.
fn catching(case: &Case, made: &[Made]) -> Option<CatchingTest> {
    let mut of_test: Vec<&Made> = made.iter().filter(|run| run.case.name == case.name).collect();
    // A search makes them in two pieces.
    of_test.sort_by_key(|run| run.seed);
    let costs: Vec<Cost> = of_test.iter().map(|run| run.cost()).collect();
    let starts: Vec<usize> = (0..costs.len()).collect();
    let cpu_seconds_to_catch = median_to_catch(&costs, &starts)?;
    let mut kinds: Vec<String> = Vec::new();
    for failure in of_test.iter().filter_map(|run| run.failure.as_ref()) {
        if !kinds.contains(&failure.kind) {
            kinds.push(failure.kind.clone());
        }
    }
    Some(CatchingTest {
        test: case.name.to_owned(),
        runs: of_test.len() as u64,
        failed: of_test.iter().filter(|run| run.failed()).count() as u64,
        kinds,
        cpu_seconds_to_catch,
    })
}

/// The median over the starting seeds if all tests run with one seed, then all with the next. `made` are in
/// this order.
fn whole_to_catch(made: &[Made]) -> Option<f64> {
    let costs: Vec<Cost> = made.iter().map(Made::cost).collect();
    let begins = |at: &usize| *at == 0 || made[*at].seed != made[*at - 1].seed;
    let starts: Vec<usize> = (0..made.len()).filter(begins).collect();
    median_to_catch(&costs, &starts)
}

/// Makes all runs, seed by seed, except those of tests of which [`HANGING`] runs have hung.
fn every_run(
    tests: &[&'static Case],
    extent: Extent,
    carry_out: impl Fn(Vec<Job>) -> Result<Vec<Made>, CommandError>,
) -> Result<Vec<Made>, CommandError> {
    let mut tests = tests.to_vec();
    let mut made: Vec<Made> = Vec::new();
    for round in 0..extent.runs {
        let seed = extent.first_seed.wrapping_add(u64::from(round));
        made.extend(carry_out(whole(&tests, 1, seed))?);
        let hung = |case: &Case| made.iter().filter(|run| run.hung && run.case.name == case.name).count();
        tests.retain(|case| hung(case) < HANGING);
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use labreport::results::FailedRun;

    use super::*;

    fn made(case: &'static Case, seed: u64, kind: Option<&str>) -> Made {
        let failure =
            |kind: &str| FailedRun::brief(String::new(), kind.to_owned(), String::new(), String::new());
        Made { case, seed, cpu_seconds: 1.0, failure: kind.map(failure), hung: false }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "sums of ones are exact")]
    fn a_test_s_figures_are_of_its_runs_alone() {
        let [one, other, ..] = tester::cases() else { panic!("tests") };
        let made = [
            made(other, 1, Some("panic")),
            made(one, 3, Some("assertion")),
            made(one, 1, None),
            made(one, 2, Some("timeout")),
            made(one, 4, Some("timeout")),
        ];
        let figures = catching(one, &made).expect("caught");
        assert_eq!((figures.runs, figures.failed), (4, 3));
        assert_eq!(figures.kinds, ["timeout", "assertion"]);
        // Two runs from seed 1, and one from each other.
        assert_eq!(figures.cpu_seconds_to_catch, 1.0);
        assert_eq!(catching(one, &made[2..3]), None);
    }

    #[test]
    fn a_student_starts_with_all_tests_of_a_seed() {
        let [one, other, ..] = tester::cases() else { panic!("tests") };
        let passed = |case, seed| made(case, seed, None);
        let runs = [passed(one, 1), passed(other, 1), passed(one, 2), made(other, 2, Some("assertion"))];
        // Four runs from the first seed, two from the second.
        assert_eq!(whole_to_catch(&runs), Some(3.0));
        assert_eq!(whole_to_catch(&runs[..2]), None);
    }

    #[test]
    fn tests_that_hang_are_given_up() {
        let [one, other, ..] = tester::cases() else { panic!("tests") };
        let extent = Extent { runs: 5, first_seed: u64::MAX, whole: true };
        let carry_out = |jobs: Vec<Job>| {
            let run = |(case, seed): Job| {
                let hung = case.name == one.name;
                Made { hung, ..made(case, seed, hung.then_some("blocked")) }
            };
            Ok(jobs.into_iter().map(run).collect())
        };
        let made = every_run(&[one, other], extent, carry_out).expect("no error");
        let seeds = |of: &Case| -> Vec<u64> {
            made.iter().filter(|run| run.case.name == of.name).map(|run| run.seed).collect()
        };
        assert_eq!(seeds(one), [u64::MAX, 0, 1]);
        assert_eq!(seeds(other), [u64::MAX, 0, 1, 2, 3]);
    }
}

//! The orders in which runs of a solution are made.

use tester::Case;

use super::WrongSolution;

/// A run to make: the test and the seed.
pub(super) type Job = (&'static Case, u64);

/// Seeds of all tests that are tried before many seeds of one.
const SEEDS_OF_ALL: u32 = 2;

/// All runs: all tests with the first seed, then all with the next one. So a person goes on who runs the
/// tests until one fails.
pub(super) fn whole(tests: &[&'static Case], runs: u32, first_seed: u64) -> Vec<Job> {
    (0..runs).flat_map(|round| over(tests, first_seed, round)).collect()
}

/// All runs, in an order that is likely to find a mistake soon:
///
/// 1. the tests that the solution's file names, over as many seeds as it says;
/// 2. those of adversarial parts, over a few seeds;
/// 3. the others, over a few seeds;
/// 4. what is left, in the order of seeds.
pub(super) fn soonest(
    wrong: &WrongSolution,
    tests: &[&'static Case],
    runs: u32,
    first_seed: u64,
) -> Vec<Job> {
    let is_named = |case: &Case| wrong.caught_by.iter().any(|it| it.test == case.name);
    let (named, others): (Vec<_>, Vec<_>) = tests.iter().copied().partition(|case| is_named(case));
    let (adversarial, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(|case| is_adversarial(case));

    let within = wrong.caught_by.iter().map(|it| it.within).max().unwrap_or(0);
    let within = u32::try_from(within).unwrap_or(u32::MAX).min(runs);
    let few = SEEDS_OF_ALL.min(runs);
    let mut jobs = whole(&named, within, first_seed);
    jobs.extend(whole(&adversarial, few, first_seed));
    jobs.extend(whole(&rest, few, first_seed));
    for round in 0..runs {
        if round >= within {
            jobs.extend(over(&named, first_seed, round));
        }
        if round >= few {
            jobs.extend(over(&adversarial, first_seed, round));
            jobs.extend(over(&rest, first_seed, round));
        }
    }
    jobs
}

/// The runs of one test over all seeds.
pub(super) fn of_one(case: &'static Case, runs: u32, first_seed: u64) -> Vec<Job> {
    whole(&[case], runs, first_seed)
}

/// Whether the test is of a part that looks for rare mistakes, whose name ends with an `X`.
fn is_adversarial(case: &Case) -> bool {
    case.part.ends_with('X')
}

/// These tests with the seed of a round. Seeds wrap around after 2⁶⁴ − 1.
fn over(tests: &[&'static Case], first_seed: u64, round: u32) -> impl Iterator<Item = Job> {
    tests.iter().map(move |case| (*case, first_seed.wrapping_add(u64::from(round))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{CaughtBy, Changes};
    use super::*;

    fn case(name: &'static str, part: &'static str) -> &'static Case {
        Box::leak(Box::new(Case::new(name, part, "", &["raft"], |_| {})))
    }

    fn wrong(caught_by: &[(&str, u64)]) -> WrongSolution {
        let caught_by = caught_by.iter().map(|(test, within)| CaughtBy {
            test: (*test).to_owned(),
            kind: String::new(),
            within: *within,
            says: String::new(),
            first_broken: None,
        });
        WrongSolution {
            name: "wrong".to_owned(),
            thought: String::new(),
            rule: String::new(),
            first_broken: None,
            caught_by: caught_by.collect(),
            not_seen: None,
            frozen: false,
            edits: Changes::default(),
        }
    }

    fn names(jobs: &[Job]) -> Vec<(&'static str, u64)> {
        jobs.iter().map(|(case, seed)| (case.name, *seed)).collect()
    }

    #[test]
    fn a_whole_order_goes_seed_by_seed() {
        let tests = [case("a", "3A"), case("b", "3B")];
        assert_eq!(
            names(&whole(&tests, 2, u64::MAX)),
            [("a", u64::MAX), ("b", u64::MAX), ("a", 0), ("b", 0)]
        );
    }

    #[test]
    fn the_named_tests_come_first_then_the_adversarial_ones_and_each_run_once() {
        let tests = [case("a", "3A"), case("b", "3B"), case("x", "3X")];
        let order = names(&soonest(&wrong(&[("b", 3), ("of_another_lab", 1)]), &tests, 4, 1));
        let expected = [
            ("b", 1),
            ("b", 2),
            ("b", 3),
            ("x", 1),
            ("x", 2),
            ("a", 1),
            ("a", 2),
            ("x", 3),
            ("a", 3),
            ("b", 4),
            ("x", 4),
            ("a", 4),
        ];
        assert_eq!(order, expected);
        for runs in 1..5 {
            let order = names(&soonest(&wrong(&[("a", 2)]), &tests, runs, 7));
            let all: BTreeSet<_> = names(&whole(&tests, runs, 7)).into_iter().collect();
            assert_eq!(order.len(), all.len(), "{order:?}");
            assert_eq!(order.into_iter().collect::<BTreeSet<_>>(), all);
        }
    }

    #[test]
    fn a_solution_without_names_is_tried_with_all_tests_alike() {
        let tests = [case("a", "3A"), case("x", "3X")];
        let order = names(&soonest(&wrong(&[]), &tests, 1, 1));
        assert_eq!(order, [("x", 1), ("a", 1)]);
    }
}

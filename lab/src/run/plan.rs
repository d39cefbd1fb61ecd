//! [`Plan`]: the runs of a command, in order.

use std::ops::Range;
use std::sync::Arc;

use tester::Case;

use crate::shard::Shard;

/// One run to carry out.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// The position in the plan, from 0.
    pub position: u64,
    /// The test.
    pub case: &'static Case,
    /// The seed.
    pub seed: u64,
}

/// Each test over the same consecutive seeds.
///
/// It is an iterator of runs: a plan of a million runs takes no memory.
#[derive(Debug, Clone)]
pub struct Plan {
    cases: Vec<&'static Case>,
    /// Runs of each test; `None`: without end.
    runs: Option<u64>,
    first_seed: u64,
    /// The seed of each test, if they differ. Then each has one run.
    seeds: Option<Vec<u64>>,
    /// The positions of the runs that are made, ascending, if the plan is a part of another one.
    part: Option<Arc<[Range<u64>]>>,
    position: u64,
}

impl Plan {
    /// Each of `cases` over the seeds `first_seed`, `first_seed + 1`, …, which wrap around after 2⁶⁴ − 1: all
    /// runs of the first test, then those of the second.
    pub fn new(cases: Vec<&'static Case>, runs: u32, first_seed: u64) -> Self {
        Self { cases, runs: Some(u64::from(runs)), first_seed, seeds: None, part: None, position: 0 }
    }

    /// All of `cases` with the seed `first_seed`, then all with the next one, and so on without end.
    pub fn endless(cases: Vec<&'static Case>, first_seed: u64) -> Self {
        Self { cases, runs: None, first_seed, seeds: None, part: None, position: 0 }
    }

    /// One run of one test.
    pub fn single(case: &'static Case, seed: u64) -> Self {
        Self::new(vec![case], 1, seed)
    }

    /// One run of each of these tests, with the seed beside it.
    pub fn one_each(jobs: Vec<(&'static Case, u64)>) -> Self {
        let (cases, seeds) = jobs.into_iter().unzip();
        Self { seeds: Some(seeds), ..Self::new(cases, 1, 0) }
    }

    /// The runs of this plan at these positions, which ascend. They keep their positions.
    #[must_use]
    pub(crate) fn only(self, positions: Vec<Range<u64>>) -> Self {
        Self { part: Some(positions.into_iter().filter(|it| !it.is_empty()).collect()), ..self }
    }

    /// The positions of the runs that a shard makes: of each test as many, but for 1, as the other shards. So
    /// it does not matter that some tests take a hundred times as long as others.
    ///
    /// They follow one another within a test, which the early ends of tests rely on: see
    /// [`crate::shard_of_tests`].
    pub(crate) fn of_shard(&self, shard: Shard) -> Vec<Range<u64>> {
        let runs = u32::try_from(self.runs.unwrap_or(0)).unwrap_or(u32::MAX);
        let of_test = |test: usize| {
            let piece = shard.piece(runs, test);
            let begin = test as u64 * u64::from(runs);
            begin + piece.start..begin + piece.end
        };
        (0..self.cases.len()).map(of_test).collect()
    }

    /// The first position from this one on that has a run; the end of the plan if there is none.
    pub(super) fn at_or_after(&self, position: u64) -> u64 {
        let Some(part) = &self.part else { return position };
        match part.get(part.partition_point(|range| range.end <= position)) {
            Some(range) => position.max(range.start),
            None => self.total().unwrap_or(position),
        }
    }

    /// The number of runs of each test; `None` if the plan has no end.
    pub fn runs(&self) -> Option<u64> {
        self.runs
    }

    /// Leaves out the remaining runs of the test of the run at `position`, and returns their positions. A
    /// plan without end leaves out none.
    pub fn skip_test(&mut self, position: u64) -> Range<u64> {
        let end = self.runs.map_or(0, |runs| (position / runs + 1) * runs);
        let skipped = self.position..end.max(self.position);
        self.position = skipped.end;
        skipped
    }

    /// The number of runs that are made; `None` if there is no end of them.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.part {
            Some(part) => Some(part.iter().map(|range| range.end - range.start).sum()),
            None => self.total(),
        }
    }

    /// The job at a position of a plan that ends.
    pub(crate) fn job(&self, position: u64) -> Option<Job> {
        Self { part: None, position, ..self.clone() }.next()
    }

    /// The number of positions in the plan; `None` if it has no end.
    pub fn total(&self) -> Option<u64> {
        Some(self.cases.len() as u64 * self.runs?)
    }
}

impl Iterator for Plan {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        let position = self.at_or_after(self.position);
        if self.cases.is_empty() || self.total().is_some_and(|total| position == total) {
            return None;
        }
        self.position = position + 1;
        let tests = self.cases.len() as u64;
        let (test, round) = match self.runs {
            Some(runs) => (position / runs, position % runs),
            None => (position % tests, position / tests),
        };
        let test = usize::try_from(test).expect("a test's number is a position in a vector");
        let seed = match &self.seeds {
            Some(seeds) => seeds[test],
            None => self.first_seed.wrapping_add(round),
        };
        Some(Job { position, case: self.cases[test], seed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_seeds_of_a_test_come_before_the_next_test() {
        let cases: Vec<&Case> = tester::cases().iter().take(2).collect();
        let plan = Plan::new(cases.clone(), 3, u64::MAX);
        assert_eq!(plan.total(), Some(6));
        let runs: Vec<_> = plan.map(|job| (job.position, job.case.name, job.seed)).collect();
        let [a, b] = [cases[0].name, cases[1].name];
        assert_eq!(runs, [(0, a, u64::MAX), (1, a, 0), (2, a, 1), (3, b, u64::MAX), (4, b, 0), (5, b, 1)]);
    }

    #[test]
    fn each_test_can_have_a_seed_of_its_own() {
        let cases = tester::cases();
        let plan = Plan::one_each(vec![(&cases[1], 7), (&cases[0], 9)]);
        assert_eq!(plan.total(), Some(2));
        let runs: Vec<_> = plan.map(|job| (job.position, job.case.name, job.seed)).collect();
        assert_eq!(runs, [(0, cases[1].name, 7), (1, cases[0].name, 9)]);
        assert_eq!(Plan::one_each(Vec::new()).next().map(|job| job.seed), None);
    }

    #[test]
    fn the_remaining_runs_of_a_test_can_be_left_out() {
        let cases: Vec<&Case> = tester::cases().iter().take(2).collect();
        let mut plan = Plan::new(cases, 5, 0);
        let taken: Vec<_> = plan.by_ref().take(2).map(|job| job.position).collect();
        assert_eq!(taken, [0, 1]);
        assert_eq!(plan.skip_test(0), 2..5);
        assert_eq!(plan.skip_test(1), 5..5, "no run of it remains");
        assert_eq!(plan.next().map(|job| job.position), Some(5));
        assert_eq!(plan.skip_test(2), 6..6, "the plan is past that test");
    }

    #[test]
    fn shards_make_every_run_once_at_its_position() {
        let cases: Vec<&Case> = tester::cases().iter().take(5).collect();
        for runs in [1, 2, 3, 10, 101] {
            let whole = Plan::new(cases.clone(), runs, u64::MAX - 1);
            let described = |job: Job| (job.position, job.case.name, job.seed);
            let expected: Vec<_> = whole.clone().map(described).collect();
            for of in 1..=12 {
                let mut all = Vec::new();
                for number in 1..=of {
                    let shard = Shard::new(number, of).expect("a shard");
                    let part = whole.clone().only(whole.of_shard(shard));
                    let made: Vec<_> = part.clone().map(described).collect();
                    assert_eq!(part.length(), Some(made.len() as u64));
                    for case in &cases {
                        let of_test = made.iter().filter(|(_, name, _)| *name == case.name).count();
                        let share = (runs / of) as usize;
                        assert!(of_test == share || of_test == share + 1, "{of_test} of {runs}, {shard}");
                    }
                    all.extend(made);
                }
                all.sort_by_key(|(position, ..)| *position);
                assert_eq!(all, expected, "{runs} runs, {of} shards");
            }
        }
    }

    #[test]
    fn a_part_of_a_plan_skips_the_rest_of_a_test() {
        let cases: Vec<&Case> = tester::cases().iter().take(2).collect();
        let mut plan = Plan::new(cases, 10, 0).only(vec![2..5, 7..8, 12..12, 15..17]);
        assert_eq!(plan.next().map(|job| job.position), Some(2));
        assert_eq!((plan.at_or_after(3), plan.at_or_after(5), plan.at_or_after(17)), (3, 7, 20));
        assert_eq!(plan.skip_test(2), 3..10);
        assert_eq!(plan.by_ref().map(|job| job.position).collect::<Vec<_>>(), [15, 16]);
        assert_eq!(plan.job(12).map(|job| (job.position, job.seed)), Some((12, 2)));
        assert_eq!(plan.job(20).map(|job| job.position), None);
    }

    #[test]
    fn an_endless_plan_repeats_all_tests_with_the_next_seed() {
        let cases: Vec<&Case> = tester::cases().iter().take(2).collect();
        let plan = Plan::endless(cases.clone(), u64::MAX);
        assert_eq!(plan.total(), None);
        let runs: Vec<_> = plan.take(5).map(|job| (job.position, job.case.name, job.seed)).collect();
        let [a, b] = [cases[0].name, cases[1].name];
        assert_eq!(runs, [(0, a, u64::MAX), (1, b, u64::MAX), (2, a, 0), (3, b, 0), (4, a, 1)]);
    }
}
